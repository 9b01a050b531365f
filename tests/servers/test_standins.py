"""The stand-ins for pgcrypto and uuid-ossp give what the real ones give, or say that they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.extensions_known import missing_extension, server_with
from pytest_migcheck.postgres.ladder import start_server
from pytest_migcheck.postgres.server import Server

EXTENSIONS = 'CREATE SCHEMA ext; CREATE EXTENSION pgcrypto SCHEMA ext; CREATE EXTENSION "uuid-ossp" SCHEMA ext'


@pytest.fixture(scope="module")
def embedded() -> Iterator[Server]:
    try:
        server = start_server("embedded")
    except MigcheckError as error:
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def standins(embedded: Server) -> Iterator[psycopg.Connection[Any]]:
    with embedded.create_database("standins").connect() as connection:
        connection.execute(EXTENSIONS)
        yield connection


@pytest.fixture(scope="module")
def real() -> Iterator[psycopg.Connection[Any]]:
    try:
        server = start_server("local")
    except MigcheckError as error:
        pytest.skip(str(error))
    if not {"pgcrypto", "uuid-ossp"} <= server.available_extensions():
        server.stop()
        pytest.skip("the local PostgreSQL has no pgcrypto and uuid-ossp")
    with server.create_database("real").connect() as connection:
        connection.execute(EXTENSIONS)
        yield connection
    server.stop()


def _questions() -> Iterator[str]:
    for length in (0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 300):
        for algorithm in ("md5", "sha1", "sha224", "sha256", "SHA384", "sha512"):
            yield f"SELECT encode(ext.digest('é' || repeat('q', {length}), '{algorithm}'), 'hex')"
    for length in (1, 63, 64, 65, 128, 129, 200):
        for algorithm in ("md5", "sha1", "sha256", "sha512"):
            yield f"SELECT encode(ext.hmac('é', repeat('k', {length}), '{algorithm}'), 'hex')"
    for length in (0, 1, 2, 28, 29, 57, 100):
        yield f"SELECT ext.armor(decode(repeat('ab01', {length}), 'hex'))"
        yield f"SELECT ext.dearmor(ext.armor(decode(repeat('ab01', {length}), 'hex')))"
    yield "SELECT ext.armor('abc', ARRAY['Version', 'x'], ARRAY['1', 'y z'])"
    yield "SELECT * FROM ext.pgp_armor_headers(ext.armor('abc', ARRAY['Version', 'x'], ARRAY['1', 'y z']))"
    yield "SELECT ext.dearmor(ext.armor('abc', ARRAY['Version'], ARRAY['1']))"
    yield "SELECT ext.uuid_generate_v5(ext.uuid_ns_dns(), 'example.org'), ext.uuid_generate_v3(ext.uuid_ns_url(), 'é')"
    yield "SELECT ext.uuid_nil(), ext.uuid_ns_oid(), ext.uuid_ns_x500()"
    yield "SELECT length(ext.gen_random_bytes(1)), length(ext.gen_random_bytes(1024))"


def test_answers_are_those_of_the_real_extensions(standins: Any, real: Any) -> None:
    wrong = [q for q in _questions() if standins.execute(q).fetchall() != real.execute(q).fetchall()]
    assert wrong == []


@pytest.mark.parametrize(
    "question", ["ext.digest('a', 'nope')", "ext.gen_random_bytes(0)", "ext.gen_random_bytes(2000)", "ext.dearmor('x')"]
)
def test_errors_are_those_of_the_real_extensions(standins: Any, real: Any, question: str) -> None:
    found = []
    for connection in (standins, real):
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(f"SELECT {question}")
        found.append((caught.value.sqlstate, caught.value.diag.message_primary))
    assert found[0] == found[1]


def test_functions_have_the_real_ones_signatures(standins: Any, real: Any) -> None:
    listed = """
        SELECT e.extname::text, p.proname::text, pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid),
            p.provolatile::text, p.proisstrict, p.proparallel::text
        FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
        JOIN pg_extension e ON e.oid = d.refobjid WHERE e.extname IN ('pgcrypto', 'uuid-ossp')"""
    ours, theirs = (set(connection.execute(listed).fetchall()) for connection in (standins, real))
    assert theirs - ours == set()
    assert {row[1] for row in ours - theirs} <= {"fips_mode"}, "which came with PostgreSQL 18"


def test_what_needs_c_says_so_and_where_to_get_it(standins: Any) -> None:
    with pytest.raises(psycopg.errors.FeatureNotSupported, match=r"pgcrypto: crypt\(\) needs code in C") as caught:
        standins.execute("SELECT ext.crypt('secret', 'salt')")
    assert "--migcheck-postgres=local, docker, or a URL" in (caught.value.diag.message_hint or "")


def test_random_uuids_differ_and_carry_their_version(standins: Any) -> None:
    row = standins.execute(
        "SELECT ext.uuid_generate_v1(), ext.uuid_generate_v1(), ext.uuid_generate_v1mc(), ext.uuid_generate_v4(), "
        "ext.gen_random_uuid()"
    ).fetchone()
    assert len(set(row)) == 5
    assert [value.version for value in row] == [1, 1, 1, 4, 4]
    assert row[0].node >> 40 & 1, "a random node has the multicast bit"


def test_the_extension_moves_with_its_functions(embedded: Server) -> None:
    with embedded.create_database("moving").connect() as connection:
        connection.execute("CREATE EXTENSION pgcrypto VERSION '1.3'; CREATE SCHEMA other")
        connection.execute("ALTER EXTENSION pgcrypto UPDATE; ALTER EXTENSION pgcrypto SET SCHEMA other")
        assert connection.execute("SELECT other.hmac('a', 'b', 'sha1') IS NOT NULL").fetchone() == (True,)


def test_the_server_names_its_standins(embedded: Server) -> None:
    assert embedded.standins == ("pgcrypto", "uuid-ossp")
    assert "stand-ins for pgcrypto, uuid-ossp" in embedded.describe()


def test_an_extension_that_is_nowhere_gets_the_rung_that_has_it(embedded: Server) -> None:
    with embedded.create_database("nowhere").connect() as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute("CREATE EXTENSION postgis")
    assert missing_extension(str(caught.value)) == "postgis"
    place = server_with("postgis")
    assert place.startswith("--migcheck-postgres=docker:postgis/postgis, ") and "local" in place
