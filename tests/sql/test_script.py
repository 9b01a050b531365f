"""A script as psql takes it, cut into statements with their lines."""

from __future__ import annotations

import pytest

from pytest_migcheck.sql.script import ScriptCommand, ScriptStatement, script_parts

SCRIPT = r'''-- PostgreSQL database dump
\restrict abc
SET statement_timeout = 0; -- ; not here
\connect "my db"
CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $_$ BEGIN; RETURN '$$ ;'; END $_$;
/* a ; /* nested ; */ comment */
CREATE FUNCTION g(n int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN n > 0 THEN 1 END; SELECT 2; END;
COPY public.t (a, b) FROM stdin;
1	it's; a 'row
\N	\\connect
\.
CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2);
INSERT INTO t VALUES (E'it\'s; \\', 'it''s;', ";""");
;;
SELECT '
\not a command
'::text
'''


def test_a_dump_is_cut_into_what_the_server_understands() -> None:
    parts = list(script_parts(SCRIPT))
    commands = [(c.line, c.name, c.argument, c.within) for c in parts if isinstance(c, ScriptCommand)]
    assert commands == [(2, "restrict", "abc", False), (4, "connect", '"my db"', False)]
    found = [(s.line, " ".join(s.sql.split())[:40]) for s in parts if isinstance(s, ScriptStatement)]
    assert found == [
        (3, "SET statement_timeout = 0"),
        (5, "CREATE FUNCTION f() RETURNS text LANGUAG"),
        (7, "CREATE FUNCTION g(n int) RETURNS int BEG"),
        (12, "CREATE RULE r AS ON INSERT TO t DO ALSO "),
        (13, r"INSERT INTO t VALUES (E'it\'s; \\', 'it'"),
        (15, r"SELECT ' \not a command '::text"),
    ]


@pytest.mark.parametrize("text", ["", ";", "-- nothing", "/* open", "\ufeff"])
def test_nothing_gives_nothing(text: str) -> None:
    assert list(script_parts(text)) == []


@pytest.mark.parametrize("text", ["SELECT 'open", "SELECT $$ open", 'SELECT "open'])
def test_what_is_broken_is_left_to_the_server(text: str) -> None:
    assert list(script_parts(text)) == [ScriptStatement(sql=text, line=1)]


@pytest.mark.parametrize(
    ("text", "name", "argument", "within"),
    [
        ("SELECT 1 \\gexec", "gexec", "", True),
        ("SELECT 1; \\dt+ *.*\r\n", "dt+", "*.*", False),
        ("\\! ls", "!", "ls", False),
        ("\\", "", "", False),
    ],
)
def test_a_backslash_outside_of_quotes_begins_a_command(text: str, name: str, argument: str, within: bool) -> None:
    assert list(script_parts(text))[-1] == ScriptCommand(name=name, argument=argument, line=1, within=within)
