"""Revision files that Alembic cannot load or run: one error that names the line, what is valid and what to do."""

from __future__ import annotations

import pytest

from history_project import Project
from test_bad_configurations import error_of

TABLE = 'op.create_table("t", sa.Column("id", sa.BigInteger, primary_key=True))'
UNDO = 'op.drop_table("t")'
PARENTS = "valid: the id of a revision as a string, a tuple of such ids, or None for the first revision"
MOVE = "or move a file that is no revision out of this folder"


def source(head: str = 'revision = "a1"\ndown_revision = None', functions: str = "") -> str:
    return f"{head}\n\n{functions or 'def upgrade(): pass'}\n\ndef downgrade(): pass\n"


WRONG = {
    "an id that is a number": (
        source("revision = 7\ndown_revision = None"),
        'FILE:1: revision = 7 is no id of a revision\nvalid: a string that is not empty\nwhat to do: revision = "7"',
    ),
    "an id that is None": (
        source("revision = None\ndown_revision = None"),
        "FILE:1: revision = None is no id of a revision\nvalid: a string that is not empty\n"
        'what to do: revision = "1f0c3a9b7d24"',
    ),
    "no id": (
        source("down_revision = None"),
        f"FILE: the file does not set revision\nvalid: a string that is not empty\nwhat to do: set revision, {MOVE}",
    ),
    "an id with an operator": (
        source('revision = "a-1"\ndown_revision = None'),
        "FILE:1: revision = 'a-1' holds '-', which Alembic does not take in an id\n"
        "valid: letters, digits and underscores\nwhat to do: give it another id",
    ),
    "a parent that is a number": (
        source('revision = "a1"\ndown_revision = 7'),
        f"FILE:2: down_revision = 7 is not a string, nor a tuple of strings\n{PARENTS}",
    ),
    "a number among the parents": (
        source('revision = "a1"\ndown_revision = ("b2", 7)'),
        f"FILE:2: down_revision = ('b2', 7) is not a string, nor a tuple of strings\n{PARENTS}",
    ),
    "no parent": (
        source('revision = "a1"'),
        f"FILE: the file does not set down_revision\n{PARENTS}\nwhat to do: set down_revision, {MOVE}",
    ),
    "its own parent": (
        source('revision = "a1"\ndown_revision = "a1"'),
        f"FILE:2: down_revision = 'a1' names the revision itself\n{PARENTS}\nwhat to do: name the revision before it",
    ),
    "a dependency that is a number": (
        source('revision = "a1"\ndown_revision = None\ndepends_on = 7'),
        "FILE:3: depends_on = 7 is not a string, nor a tuple of strings\nvalid: a string, a tuple of strings, or None",
    ),
    "no upgrade": (
        source(functions="def upgrde(): pass"),
        "FILE: there is no function upgrade(), so Alembic cannot run this revision\n"
        f"valid: def upgrade() at the top level of the file\nwhat to do: write it, {MOVE}",
    ),
    "an upgrade that is no function": (
        source(functions='upgrade = "CREATE TABLE t ()"'),
        "FILE:4: upgrade = 'CREATE TABLE t ()' is no function\nvalid: def upgrade()",
    ),
    "an asynchronous upgrade": (
        source(functions="async def upgrade(): pass"),
        "FILE:4: upgrade() is a coroutine function (async def): Alembic calls it and does not wait for it, so nothing of "
        "it runs\nvalid: def upgrade()\n"
        "what to do: write it without async; op.run_async(function) runs what has to be awaited",
    ),
    "an asynchronous downgrade": (
        source() + "\nasync def downgrade(): pass\n",
        "FILE:8: downgrade() is a coroutine function (async def): Alembic calls it and does not wait for it, so nothing "
        "of it runs\nvalid: def downgrade()\n"
        "what to do: write it without async; op.run_async(function) runs what has to be awaited",
    ),
    "a decorated asynchronous upgrade": (
        source(functions="import functools\n@functools.partial\nasync def upgrade(): pass"),
        "FILE:6: upgrade() is a coroutine function (async def): Alembic calls it and does not wait for it, so nothing of "
        "it runs\nvalid: def upgrade()\n"
        "what to do: write it without async; op.run_async(function) runs what has to be awaited",
    ),
    "a generator": (
        source(functions="def upgrade(): yield"),
        "FILE:4: upgrade() is a generator function (it holds yield): Alembic calls it and does not go through it, so "
        "nothing of it runs\nvalid: def upgrade() without yield",
    ),
    "a NUL byte": (
        source() + "# \0\n",
        "FILE:7: the file holds a NUL byte, so Python does not read it\n"
        "what to do: restore the file, or save it as UTF-8 where it is UTF-16",
    ),
    "UTF-16": (
        source().encode("utf-16"),
        "FILE:1: the file holds a NUL byte, so Python does not read it\n"
        "what to do: restore the file, or save it as UTF-8 where it is UTF-16",
    ),
    "latin-1": (
        (source() + "x = 'geprüft'\n").encode("latin-1"),
        "FILE:7: the byte 0xfc is not utf-8, the encoding of the file\n"
        "what to do: save the file as UTF-8, or declare its encoding in the first line: # -*- coding: latin-1 -*-",
    ),
    "an encoding that does not exist": (
        "# -*- coding: klingon -*-\n" + source(),
        "FILE:1: Python does not know the encoding that the file declares, 'klingon'\n"
        "valid: # -*- coding: utf-8 -*-, or no such line, which means UTF-8",
    ),
    "a syntax error": (source() + "x = = 1\n", "FILE:7: SyntaxError: invalid syntax\n    x = = 1"),
    "sys.exit()": (
        source() + "import sys\nsys.exit(3)\n",
        "FILE:8: SystemExit: 3\n    sys.exit(3)\nwhat to do: a revision must load without ending the process",
    ),
    "an exception": (source() + "1 / 0\n", "FILE:7: ZeroDivisionError: division by zero\n    1 / 0"),
    "an exception without a text": (
        source() + "class Odd(Exception):\n    def __str__(self): return 1 / 0\nraise Odd\n",
        "FILE:9: Odd: (the text of the exception cannot be made: ZeroDivisionError)\n    raise Odd",
    ),
    "an outcome of pytest": (
        source() + "import pytest\npytest.skip('not here', allow_module_level=True)\n",
        "FILE:8: Skipped: not here\n    pytest.skip('not here', allow_module_level=True)",
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_revision_that_is_wrong(project: Project, migcheck, text: str | bytes, message: str) -> None:
    file = project.write("migrations/versions/a1.py", "")
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert error_of(migcheck()) == f"alembic.ini: {message.replace('FILE', str(file))}"


def left_out(file: object, why: str) -> str:
    return (
        f"alembic.ini: {str(file)!r}: Alembic does not load this file because its name {why}\n"
        "valid: a name in one line that ends with .py and does not begin with __init__\n"
        "what to do: rename the file; its revision id stays"
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("b2_add\ncolumn.py", "holds a newline"),
        ("b2.py\n", "holds a newline"),
        ("__init__b2.py", "begins with __init__"),
        ("b2.PY", "ends with .PY"),
    ],
)
def test_a_revision_that_alembic_leaves_out_because_of_its_name(project: Project, migcheck, name: str, why: str) -> None:
    project.revision("a1", TABLE, UNDO)
    file = project.revision("b2", "pass", name=name)
    assert error_of(migcheck()) == left_out(file, why)


def test_names_that_alembic_takes_and_files_that_are_no_revisions(project: Project, migcheck) -> None:
    project.write("migrations/versions/__init__.py", "")
    project.write("migrations/versions/notes\n.py", "revision = 'of the notes'\n")
    project.write("migrations/versions/a1.py.orig", source())
    project.revision("a1", TABLE, UNDO, name=".a1 é.py")
    project.revision("b2", "pass", name="b2'\\\".py")
    migcheck("--migcheck-checks=stairway,upgrade").assert_outcomes(passed=3)


def test_a_byte_order_mark_and_a_declared_encoding_are_right(project: Project, migcheck) -> None:
    marked = project.revision("a1", TABLE, UNDO)
    marked.write_bytes(b"\xef\xbb\xbf" + marked.read_bytes())
    declared = project.revision("b2", "op.execute(\"COMMENT ON TABLE t IS 'geprüft'\")", "pass", message="comment")
    declared.write_bytes(b"# -*- coding: latin-1 -*-\n" + declared.read_text(encoding="utf-8").encode("latin-1"))
    migcheck("--migcheck-checks=upgrade").assert_outcomes(passed=1)


def test_a_list_of_parents_is_right(project: Project, migcheck) -> None:
    project.revision("a1", TABLE, UNDO)
    project.revision("b2", "pass")
    project.revision("c3", "pass", parents="a1")
    project.revision("d4", "pass", parents=["b2", "c3"])
    migcheck("--migcheck-checks=heads,upgrade").assert_outcomes(passed=2)


@pytest.mark.parametrize("name", ["down_revision", "depends_on"])
def test_an_abbreviated_id(project: Project, migcheck, name: str) -> None:
    project.revision("a1b2c3", TABLE, UNDO)
    project.revision("d4e5f6", "pass")
    of, parents, extra = ("the down_revision of 123abc", ("a1b2", "d4e5f6"), "")
    if name == "depends_on":
        of, parents, extra = "which 123abc depends on", "d4e5f6", 'depends_on = "a1b2"'
    file = project.revision("123abc", "pass", parents=parents, extra=extra)
    line = 7 if name == "down_revision" else 8
    assert error_of(migcheck()) == (
        f"alembic.ini: Can't locate revision 'a1b2', {of} ({file}:{line})\n"
        "'a1b2' is the beginning of 'a1b2c3': Alembic takes an abbreviated id on its command line, and not in a file\n"
        "what to do: write the whole id, 'a1b2c3'"
    )


def test_a_branch_label_that_stands_twice(project: Project, migcheck) -> None:
    first = project.revision("a1", TABLE, UNDO, extra='branch_labels = "main"')
    second = project.revision("b2", "pass", parents=None, extra='branch_labels = "main"')
    assert error_of(migcheck()) == (
        f"alembic.ini: {second}:8: branch label 'main' is the label or the id of another revision, {first}\n"
        "what to do: give the branch another label"
    )
