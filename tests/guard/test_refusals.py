"""What cannot lead to a database of ours is refused, and each refusal is kept with the user's line."""

from __future__ import annotations

import pytest
from decoy import Decoy
from guarded import Guarded


def _refused(guarded: Guarded, decoy: Decoy, body: str, line: str, **how):
    outcome = guarded.run(body, **how)
    assert decoy.log == []
    (refusal,) = outcome.refusals
    assert refusal[3:] == [str(guarded.directory / "users.py"), guarded.line_of(line)]
    assert refusal[1].removeprefix("::ffff:") == "127.0.0.1"
    assert refusal[2] == str(decoy.port)
    return outcome, refusal


@pytest.mark.parametrize(
    "body",
    [
        "import socket\nsocket.create_connection((HOST, PORT))  # here",
        "import socket\nsocket.socket().connect((HOST, PORT))  # here",
        "import socket\nsocket.socket().connect_ex((HOST, PORT))  # here",
        'import socket\nsocket.socket(socket.AF_INET6).connect(("::ffff:127.0.0.1", PORT))  # here',
        "import asyncio\nasync def main():\n    await asyncio.open_connection(HOST, PORT)  # here\nasyncio.run(main())",
        'import urllib.request\nurllib.request.urlopen(f"http://{HOST}:{PORT}/")  # here',
        "from gevent import monkey\nmonkey.patch_all()\nimport socket\nsocket.create_connection((HOST, PORT))  # here",
        'import pymysql\npymysql.connect(host=HOST, port=PORT, user="u", password="p")  # here',
        'import sqlalchemy as sa\nsa.create_engine(URL.replace("postgresql", "mysql+pymysql")).connect()  # here',
    ],
    ids=["create_connection", "connect", "connect_ex", "mapped", "asyncio", "urllib", "gevent", "pymysql", "mysql"],
)
def test_a_tcp_connection_to_an_address_that_is_not_ours_is_refused(body: str, guarded: Guarded, decoy: Decoy) -> None:
    for module in ("gevent", "pymysql"):
        if module in body:
            pytest.importorskip(module)
    outcome, _refusal = _refused(guarded, decoy, body, "# here")
    assert "MC900 foreign-database: a connection, to " in outcome.error
    assert f"127.0.0.1:{decoy.port}" in outcome.error.partition("migcheck_allow_hosts = ")[2]


def test_a_refusal_that_the_code_swallows_is_kept(guarded: Guarded, decoy: Decoy) -> None:
    body = """
        import socket
        try:
            socket.create_connection((HOST, PORT))  # here
        except Exception:
            answer("went on")
    """
    outcome, _refusal = _refused(guarded, decoy, body, "# here")
    assert (outcome.answers, outcome.error) == (["went on"], "")


def test_a_refusal_in_a_thread_and_at_exit_is_kept(guarded: Guarded, decoy: Decoy) -> None:
    body = """
        import threading, socket
        def work():
            try:
                socket.create_connection((HOST, PORT))  # here
            except Exception as error:
                answer(type(error).__name__)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    """
    outcome, _refusal = _refused(guarded, decoy, body, "# here")
    assert outcome.answers == ["ForeignConnectionError"]


def test_what_runs_at_exit_reaches_nothing(guarded: Guarded, decoy: Decoy) -> None:
    body = """
        import atexit, socket, psycopg
        atexit.register(lambda: psycopg.connect(URL))
        atexit.register(lambda: socket.create_connection((HOST, PORT)))
    """
    guarded.run(body)
    assert decoy.log == []


def test_an_allowed_address_is_reached_by_name_and_number(guarded: Guarded, decoy: Decoy) -> None:
    body = """
        import socket
        for host in ("localhost", "127.0.0.1"):
            socket.create_connection((host, PORT)).close()
        socket.create_connection(("127.0.0.2", PORT))  # here
    """
    outcome = guarded.run(body, allowed=[("localhost", decoy.port)])
    assert set(decoy.log) == {f"127.0.0.1:{decoy.port}"}
    assert [refusal[1] for refusal in outcome.refusals] == ["127.0.0.2"]


def test_our_server_and_what_is_no_connection_pass(guarded: Guarded, decoy: Decoy) -> None:
    body = """
        import asyncio, os, socket, tempfile
        from process import given
        socket.create_connection(("localhost", given["place"]["tcp_port"])).close()
        socket.getaddrinfo("localhost", PORT)
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect((HOST, PORT))
        asyncio.run(asyncio.sleep(0))
        path = os.path.join(tempfile.mkdtemp(), "mine")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        socket.socket(socket.AF_UNIX).connect(path)
    """
    outcome = guarded.run(body)
    assert (outcome.error, outcome.refusals) == ("", [])


def test_a_socket_of_another_postgresql_is_refused_and_ours_is_not(guarded: Guarded) -> None:
    body = """
        import os, psycopg, socket, tempfile
        from process import given
        psycopg.connect(URL)
        ours = f"{given['place']['host']}/.s.PGSQL.{given['place']['port']}"
        socket.socket(socket.AF_UNIX).connect(ours)
        foreign = os.path.join(tempfile.mkdtemp(), ".s.PGSQL.5432")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(foreign)
        listener.listen()
        socket.socket(socket.AF_UNIX).connect(foreign)  # here
    """
    outcome = guarded.run(body)
    (refusal,) = outcome.refusals
    assert refusal[2:] == ["5432", str(guarded.directory / "users.py"), guarded.line_of("# here")]


@pytest.mark.parametrize(
    ("module", "body"),
    [
        ("psycopg", "import psycopg\npsycopg.connect(URL)  # here"),
        ("psycopg", "import psycopg.pq\npsycopg.pq.PGconn.connect(DSN.encode())  # here"),
        ("psycopg", "import psycopg.pq\npsycopg.pq.PGconn.ping(DSN.encode())  # here"),
        ("psycopg2", "import psycopg2\npsycopg2.connect(URL)  # here"),
        ("psycopg2", "import psycopg2.extensions\npsycopg2.extensions.connection(DSN)  # here"),
        ("asyncpg", "import asyncio, asyncpg\nasync def m():\n    await asyncpg.connect(URL)  # here\nasyncio.run(m())"),
        ("asyncpg", "import asyncio, asyncpg\nasync def m():\n    await asyncpg.create_pool(URL)\nasyncio.run(m())  # here"),
        ("pg8000", 'import pg8000.native\npg8000.native.Connection("u", HOST, "prod", PORT, "p")  # here'),
    ],
)  # fmt: skip
def test_while_there_is_no_database_every_driver_is_refused(
    module: str, body: str, guarded: Guarded, decoy: Decoy
) -> None:
    pytest.importorskip(module)
    if "create_pool" in body:
        outcome = guarded.run(body, places=False)
        assert [refusal[1:3] for refusal in outcome.refusals] == [["127.0.0.1", str(decoy.port)]]
        return
    outcome, refusal = _refused(guarded, decoy, body, "# here", places=False)
    assert refusal[0] == f"a connection by {'psycopg.pq' if '.pq' in body else module} while the run has no database"
    assert "MC900 foreign-database: " in outcome.error


def test_the_line_is_found_behind_the_greenlet_of_sqlalchemy(guarded: Guarded, decoy: Decoy) -> None:
    body = """
        import asyncio
        from sqlalchemy.ext.asyncio import create_async_engine
        async def main():
            engine = create_async_engine(URL.replace("postgresql", "postgresql+asyncpg"))
            await engine.connect()  # here
        asyncio.run(main())
    """
    _refused(guarded, decoy, body, "# here", places=False)


def test_connections_of_our_own_go_where_they_say(guarded: Guarded, decoy: Decoy) -> None:
    body = """
        import contextvars, threading, psycopg
        from process import given
        place = given["place"]
        ours = dict(host=place["host"], port=place["port"], user=place["user"], password=place["password"])
        def ask():
            connection = psycopg.connect(dbname="postgres", **ours)
            answer([connection.execute(QUERY).fetchone()[0], guard.label_of(connection)])
        with guard.internal():
            ask()
            thread = threading.Thread(target=contextvars.copy_context().run, args=(ask,))
            thread.start()
            thread.join()
            thread = threading.Thread(target=ask)
            thread.start()
            thread.join()
        ask()
    """
    outcome = guarded.run(body)
    assert outcome.error == ""
    assert outcome.answers == [["postgres", None], ["postgres", None], ["guarded", "main"], ["guarded", "main"]]


def test_open_connections_are_counted_until_they_are_closed(guarded: Guarded) -> None:
    body = """
        import psycopg, psycopg2
        kept = psycopg.connect(URL)
        closed = psycopg2.connect(URL)
        answer(guard.open_connections())
        closed.close()
        answer(guard.open_connections())
        kept.close()
    """
    outcome = guarded.run(body)
    assert (outcome.error, outcome.answers, outcome.open) == ("", [2, 1], 0)


def test_the_place_is_chosen_by_what_the_code_asked_for(guarded: Guarded, decoy: Decoy) -> None:
    body = """
        import asyncio, asyncpg, psycopg, psycopg2
        psycopg.connect(URL)
        psycopg.connect("")
        psycopg2.connect(DSN)
        psycopg2.connect("dbname=reporting")
        async def main():
            await asyncpg.connect(URL)
            await asyncpg.connect()
        asyncio.run(main())
    """
    outcome = guarded.run(body)
    asked = ["127.0.0.1", str(decoy.port), "prod"]
    assert outcome.error == ""
    assert outcome.asked == [asked, ["", "", ""], asked, ["", "", "reporting"], asked, ["", "", ""]]


def test_options_of_the_code_are_kept(guarded: Guarded) -> None:
    body = """
        import asyncio, asyncpg, psycopg, psycopg.rows, psycopg2, psycopg2.extras
        show = "SELECT current_setting('application_name') AS a, current_setting('lock_timeout') AS b"
        more = "?application_name=mine&options=-c%20lock_timeout%3D7s&connect_timeout=9&sslmode=verify-full"
        connection = psycopg.connect(URL + more, autocommit=True, row_factory=psycopg.rows.dict_row, prepare_threshold=3)
        answer([connection.execute(show).fetchone(), connection.autocommit, connection.prepare_threshold])
        connection = psycopg2.connect(URL + more, cursor_factory=psycopg2.extras.RealDictCursor)
        cursor = connection.cursor()
        cursor.execute(show)
        answer(dict(cursor.fetchone()))
        async def main():
            settings = {"application_name": "mine", "lock_timeout": "7s"}
            connection = await asyncpg.connect(URL + "?sslmode=require", server_settings=settings)
            answer(dict(await connection.fetchrow(show)))
        asyncio.run(main())
    """
    outcome = guarded.run(body)
    row = {"a": "mine", "b": "7s"}
    assert outcome.error == ""
    assert outcome.answers == [[row, True, 3], row, row]


def test_variables_of_libpq_reach_no_redirected_connection(guarded: Guarded, decoy: Decoy) -> None:
    body = """
        import asyncio, asyncpg, psycopg, psycopg2
        show = "SELECT current_setting('search_path') || ' ' || current_setting('TimeZone')"
        answer(psycopg.connect(URL).execute(show).fetchone()[0])
        cursor = psycopg2.connect(URL).cursor()
        cursor.execute(show)
        answer(cursor.fetchone()[0])
        async def main():
            answer(await (await asyncpg.connect(URL)).fetchval(show))
        asyncio.run(main())
    """
    environment = {
        "PGSSLMODE": "verify-full", "PGSSLROOTCERT": "system", "PGSSLNEGOTIATION": "direct", "PGGSSENCMODE": "require",
        "PGCHANNELBINDING": "require", "PGREQUIREAUTH": "none", "PGREQUIREPEER": "stranger",
        "PGTARGETSESSIONATTRS": "standby", "PGSERVICE": "missing", "PGPASSFILE": "/nowhere", "PGTZ": "Asia/Tokyo",
        "PGOPTIONS": "-c search_path=elsewhere", "PGHOSTADDR": "192.0.2.1", "PGSSLCERTMODE": "require",
    }  # fmt: skip
    outcome = guarded.run(body, environment=environment)
    assert outcome.error == ""
    assert outcome.answers == ['"$user", public UTC'] * 3


def test_without_the_guard_a_plain_connection_reaches_the_decoy(guarded: Guarded, decoy: Decoy) -> None:
    guarded.run("import socket\nsocket.create_connection((HOST, PORT))", guarded=False)
    assert decoy.log == [f"127.0.0.1:{decoy.port}"]
