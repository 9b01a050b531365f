"""Every way in which Python code opens a connection to PostgreSQL, as pieces of code that name the decoy.

Each gives the name of its database to ``answer``. ``MODULES`` are what it needs, which may be imported early.
"""

from __future__ import annotations

PSYCOPG = {
    "connect": "import psycopg\nanswer(psycopg.connect(URL).execute(QUERY).fetchone()[0])",
    "keywords": """
        import psycopg
        connection = psycopg.connect(host=HOST, port=PORT, user="u", password="p", dbname="prod")
        answer(connection.execute(QUERY).fetchone()[0])
    """,
    "bound": "from psycopg import connect as reach\nanswer(reach(DSN).execute(QUERY).fetchone()[0])",
    "Connection.connect": """
        from psycopg import Connection
        with Connection.connect(URL) as connection:
            answer(connection.execute(QUERY).fetchone()[0])
    """,
    "a subclass": """
        import psycopg
        class Mine(psycopg.Connection):
            pass
        connection = Mine.connect(URL)
        assert type(connection) is Mine
        answer(connection.execute(QUERY).fetchone()[0])
    """,
    "AsyncConnection": """
        import asyncio, psycopg
        async def main():
            async with await psycopg.AsyncConnection.connect(URL) as connection:
                answer((await (await connection.execute(QUERY)).fetchone())[0])
        asyncio.run(main())
    """,
    "several hosts": """
        import psycopg
        several = f"postgresql://u:p@127.0.0.1:{PORT},127.0.0.2:{PORT}/prod?target_session_attrs=read-only"
        answer(psycopg.connect(several).execute(QUERY).fetchone()[0])
    """,
    "an unknown host": """
        import psycopg
        answer(psycopg.connect("postgresql://u@db.invalid/prod").execute(QUERY).fetchone()[0])
    """,
    "an unknown host, asynchronous": """
        import asyncio, psycopg
        async def main():
            connection = await psycopg.AsyncConnection.connect("postgresql://u@db.invalid/prod")
            answer((await (await connection.execute(QUERY)).fetchone())[0])
            await connection.close()
        asyncio.run(main())
    """,
    "hostaddr": """
        import psycopg
        connection = psycopg.connect(f"hostaddr=127.0.0.1 host=db.invalid port={PORT} user=u dbname=prod")
        answer(connection.execute(QUERY).fetchone()[0])
    """,
    "a service": """
        import os, pathlib, psycopg
        pathlib.Path("services").write_text(f"[prod]\\nhost={HOST}\\nport={PORT}\\nsslmode=require\\n")
        os.environ["PGSERVICEFILE"] = os.path.abspath("services")
        answer(psycopg.connect("service=prod").execute(QUERY).fetchone()[0])
    """,
    "a service of the environment": """
        import os, psycopg
        os.environ["PGSERVICE"] = "missing"
        answer(psycopg.connect("dbname=prod").execute(QUERY).fetchone()[0])
        assert os.environ["PGSERVICE"] == "missing"
    """,
    "pq": """
        from psycopg import pq
        connection = pq.PGconn.connect(DSN.encode())
        answer(connection.exec_(QUERY.encode()).get_value(0, 0).decode())
        assert isinstance(connection, pq.PGconn)
    """,
    "pq without waiting": """
        from psycopg.pq import PGconn, PollingStatus
        connection = PGconn.connect_start(DSN.encode())
        while connection.connect_poll() != PollingStatus.OK:
            pass
        answer(connection.exec_(QUERY.encode()).get_value(0, 0).decode())
    """,
    "a thread": """
        import threading, psycopg
        def work():
            answer(psycopg.connect(URL).execute(QUERY).fetchone()[0])
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    """,
    "an executor": """
        import psycopg
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor() as executor:
            answer(executor.submit(psycopg.connect, URL).result().execute(QUERY).fetchone()[0])
    """,
    "run_in_executor": """
        import asyncio, psycopg
        async def main():
            connection = await asyncio.get_running_loop().run_in_executor(None, psycopg.connect, URL)
            answer(connection.execute(QUERY).fetchone()[0])
        asyncio.run(main())
    """,
    "a forked child": """
        import os, psycopg
        reading, writing = os.pipe()
        if os.fork() == 0:
            os.write(writing, psycopg.connect(URL).execute(QUERY).fetchone()[0].encode())
            os._exit(0)
        os.wait()
        answer(os.read(reading, 100).decode())
    """,
    "SQLAlchemy": """
        import sqlalchemy as sa
        engine = sa.create_engine(URL.replace("postgresql", "postgresql+psycopg"))
        with engine.connect() as connection:
            answer(connection.scalar(sa.text(QUERY)))
            assert guard is None or guard.label_of(connection.connection.dbapi_connection) == "main"
    """,
    "SQLAlchemy's creator": """
        import psycopg, sqlalchemy as sa
        engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(URL))
        with engine.connect() as connection:
            answer(connection.scalar(sa.text(QUERY)))
            assert guard is None or guard.label_of(connection.connection.dbapi_connection) == "main"
    """,
    "SQLAlchemy, asynchronous": """
        import asyncio, sqlalchemy as sa
        from sqlalchemy.ext.asyncio import create_async_engine
        async def main():
            engine = create_async_engine(URL.replace("postgresql", "postgresql+psycopg"))
            async with engine.connect() as connection:
                answer(await connection.scalar(sa.text(QUERY)))
                raw = await connection.get_raw_connection()
                assert guard is None or guard.label_of(raw.dbapi_connection) == "main"
            await engine.dispose()
        asyncio.run(main())
    """,
}

POOLS = {
    "psycopg_pool": """
        from psycopg_pool import ConnectionPool
        with ConnectionPool(URL, min_size=2, open=True, timeout=20) as pool:
            with pool.connection() as connection:
                answer(connection.execute(QUERY).fetchone()[0])
    """,
    "psycopg_pool, asynchronous": """
        import asyncio
        from psycopg_pool import AsyncConnectionPool
        async def main():
            async with AsyncConnectionPool(URL, min_size=2, open=False, timeout=20) as pool:
                async with pool.connection() as connection:
                    answer((await (await connection.execute(QUERY)).fetchone())[0])
        asyncio.run(main())
    """,
}

_ASK = """
        cursor = connection.cursor()
        cursor.execute(QUERY)
        answer(cursor.fetchone()[0])
"""

PSYCOPG2 = {
    "connect": f"import psycopg2\nconnection = psycopg2.connect(URL){_ASK.replace('        ', '')}",
    "bound": f"from psycopg2 import connect as reach\nconnection = reach(DSN){_ASK.replace('        ', '')}",
    "keywords": f"""
        import psycopg2
        connection = psycopg2.connect(host=HOST, port=PORT, user="u", password="p", database="prod"){_ASK}
    """,
    "the pool": f"""
        from psycopg2.pool import ThreadedConnectionPool
        connection = ThreadedConnectionPool(1, 2, DSN).getconn(){_ASK}
    """,
    "the C function": f"""
        import psycopg2
        connection = psycopg2._psycopg._connect(DSN){_ASK}
    """,
    "the type": f"""
        from psycopg2.extensions import connection as Connection
        connection = Connection(DSN)
        assert isinstance(connection, Connection){_ASK}
    """,
    "a factory": f"""
        import psycopg2, psycopg2.extras
        connection = psycopg2.connect(DSN, connection_factory=psycopg2.extras.LoggingConnection)
        connection.initialize(open("log", "w"))
        assert type(connection) is psycopg2.extras.LoggingConnection{_ASK}
    """,
    "a factory with its own target": f"""
        import psycopg2, psycopg2.extensions
        class Mine(psycopg2.extensions.connection):
            def __init__(self, dsn, *more):
                super().__init__(DSN + " application_name=mine")
        connection = psycopg2.connect("dbname=other", connection_factory=Mine)
        assert connection.info.parameter_status("application_name") == "mine"
        assert guard is None or guard.label_of(connection) == "main"{_ASK}
    """,
    "a function as factory": f"""
        import psycopg2, psycopg2.extensions
        def factory(dsn, async_=0):
            return psycopg2.extensions.connection(DSN)
        connection = psycopg2.connect("dbname=other", connection_factory=factory){_ASK}
    """,
    "replication": """
        import psycopg2, psycopg2.extras
        connection = psycopg2.extras.LogicalReplicationConnection(DSN)
        cursor = connection.cursor()
        cursor.execute("IDENTIFY_SYSTEM")
        answer(cursor.fetchone()[3])
    """,
    "a thread": """
        import threading, psycopg2
        def work():
            cursor = psycopg2.connect(URL).cursor()
            cursor.execute(QUERY)
            answer(cursor.fetchone()[0])
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    """,
    "SQLAlchemy": """
        import sqlalchemy as sa
        with sa.create_engine(URL).connect() as connection:
            answer(connection.scalar(sa.text(QUERY)))
            assert guard is None or guard.label_of(connection.connection.dbapi_connection) == "main"
    """,
}

AIOPG = {
    "aiopg": """
        import asyncio, aiopg
        async def main():
            async with aiopg.create_pool(DSN) as pool:
                async with pool.acquire() as connection:
                    async with connection.cursor() as cursor:
                        await cursor.execute(QUERY)
                        answer((await cursor.fetchone())[0])
        asyncio.run(main())
    """,
}

PEEWEE = {
    "peewee": """
        import peewee
        database = peewee.PostgresqlDatabase("prod", host=HOST, port=PORT, user="u", password="p")
        answer(database.execute_sql(QUERY).fetchone()[0])
    """,
}


def _asynchronous(body: str) -> str:
    return f"import asyncio, asyncpg\nasync def main():\n    {body}\nasyncio.run(main())"


ASYNCPG = {
    "connect": _asynchronous("answer(await (await asyncpg.connect(URL)).fetchval(QUERY))"),
    "keywords": _asynchronous(
        'c = await asyncpg.connect(host=HOST, port=PORT, user="u", password="p", database="prod")\n'
        "    answer(await c.fetchval(QUERY))"
    ),
    "bound": (
        "import asyncio\nfrom asyncpg import connect\n"
        "async def main():\n    answer(await (await connect(URL)).fetchval(QUERY))\nasyncio.run(main())"
    ),
    "the pool": _asynchronous(
        "async with asyncpg.create_pool(URL, min_size=2) as pool:\n"
        "        answer(await pool.fetchval(QUERY))\n"
        "        async with pool.acquire() as c:\n"
        '            assert guard is None or guard.label_of(c) == "main"'
    ),
    "several hosts": _asynchronous(
        'u = f"postgresql://u:p@127.0.0.1:{PORT},127.0.0.2:{PORT}/prod?target_session_attrs=standby"\n'
        "    answer(await (await asyncpg.connect(u)).fetchval(QUERY))"
    ),
    "an unknown host": _asynchronous(
        'answer(await (await asyncpg.connect("postgresql://u:p@db.invalid/prod")).fetchval(QUERY))'
    ),
    "TLS with certificates that are not there": _asynchronous(
        'u = URL + "?sslmode=verify-full&sslrootcert=/nowhere/root.crt"\n'
        "    answer(await (await asyncpg.connect(u)).fetchval(QUERY))"
    ),
    "TLS by argument": _asynchronous('answer(await (await asyncpg.connect(URL, ssl="require")).fetchval(QUERY))'),
    "a thread": (
        "import asyncio, asyncpg, threading\nasync def main():\n"
        "    answer(await (await asyncpg.connect(URL)).fetchval(QUERY))\n"
        "thread = threading.Thread(target=lambda: asyncio.run(main()))\nthread.start()\nthread.join()"
    ),
    "SQLAlchemy": """
        import asyncio, sqlalchemy as sa
        from sqlalchemy.ext.asyncio import create_async_engine
        async def main():
            engine = create_async_engine(URL.replace("postgresql", "postgresql+asyncpg"))
            async with engine.connect() as connection:
                answer(await connection.scalar(sa.text(QUERY)))
                raw = await connection.get_raw_connection()
                assert guard is None or guard.label_of(raw.dbapi_connection) == "main"
            await engine.dispose()
        asyncio.run(main())
    """,
}

PG8000 = {
    "the DB-API": f"""
        import pg8000.dbapi
        connection = pg8000.dbapi.connect("u", host=HOST, port=PORT, password="p", database="prod")
        assert guard is None or guard.label_of(connection) == "main"{_ASK}
    """,
    "native": """
        import pg8000.native
        connection = pg8000.native.Connection("u", HOST, "prod", PORT, "p")
        answer(connection.run(QUERY)[0][0])
    """,
    "SQLAlchemy": """
        import sqlalchemy as sa
        with sa.create_engine(URL.replace("postgresql", "postgresql+pg8000")).connect() as connection:
            answer(connection.scalar(sa.text(QUERY)))
            assert guard is None or guard.label_of(connection.connection.dbapi_connection) == "main"
    """,
}

GEVENT = {
    "psycopg": """
        from gevent import monkey
        monkey.patch_all()
        import gevent, psycopg
        gevent.spawn(lambda: answer(psycopg.connect(URL).execute(QUERY).fetchone()[0])).get()
    """,
    "psycopg2": """
        from gevent import monkey
        monkey.patch_all()
        import gevent, psycopg2
        def work():
            cursor = psycopg2.connect(URL).cursor()
            cursor.execute(QUERY)
            answer(cursor.fetchone()[0])
        gevent.spawn(work).get()
    """,
    "pg8000": """
        from gevent import monkey
        monkey.patch_all()
        import gevent, pg8000.native
        gevent.spawn(lambda: answer(pg8000.native.Connection("u", HOST, "prod", PORT, "p").run(QUERY)[0][0])).get()
    """,
}

MODULES = {
    "psycopg": PSYCOPG,
    "psycopg_pool": POOLS,
    "psycopg2": PSYCOPG2,
    "aiopg": AIOPG,
    "peewee": PEEWEE,
    "asyncpg": ASYNCPG,
    "pg8000": PG8000,
    "gevent": GEVENT,
}
