"""Whatever driver and whatever way the user's code connects: it gets our database, and the one it names hears nothing."""

from __future__ import annotations

import ctypes.util
import textwrap
from pathlib import Path

import pytest
from decoy import Decoy
from guarded import Guarded
from ways import MODULES

EVERY_WAY = [
    pytest.param(module, body, id=f"{module}: {name}")
    for module, ways in MODULES.items()
    for name, body in ways.items()
]
#: One way of each driver, and one of each kind that binds a name.
_OFTEN = (": connect", ": bound", ": the DB-API", ": native", ": the pool", ": the type", ": pq")
_ONCE = (": connect", ": the DB-API", ": psycopg_pool", ": aiopg", ": peewee")
OFTEN = [way for way in EVERY_WAY if str(way.id).endswith(_OFTEN)]
ONCE = [way for way in EVERY_WAY if str(way.id).endswith(_ONCE)]


@pytest.mark.parametrize(("module", "body"), EVERY_WAY)
def test_a_connection_leads_to_our_database(module: str, body: str, guarded: Guarded, decoy: Decoy) -> None:
    pytest.importorskip(module)
    outcome = guarded.run(body)
    assert outcome.error == ""
    assert outcome.answers == ["guarded"]
    assert outcome.refusals == []
    assert decoy.log == []


@pytest.mark.parametrize(("module", "body"), OFTEN)
def test_it_does_when_the_driver_was_imported_before_the_guard(
    module: str, body: str, guarded: Guarded, decoy: Decoy
) -> None:
    pytest.importorskip(module)
    early = {"pg8000": ("pg8000.dbapi", "pg8000.native")}.get(module, (module,))
    outcome = guarded.run(body, early=early)
    assert (outcome.error, outcome.answers, decoy.log) == ("", ["guarded"], [])


@pytest.mark.parametrize(("module", "body"), OFTEN)
def test_it_does_when_the_driver_is_imported_in_a_function_of_another_module(
    module: str, body: str, guarded: Guarded, decoy: Decoy
) -> None:
    pytest.importorskip(module)
    late = f"from users import *\n{textwrap.dedent(body)}"
    outcome = guarded.run("def lazily():\n    import late\nlazily()", files={"late.py": late})
    assert (outcome.error, outcome.answers, decoy.log) == ("", ["guarded"], [])


@pytest.mark.parametrize(("module", "body"), ONCE)
def test_without_the_guard_the_decoy_is_reached(module: str, body: str, guarded: Guarded, decoy: Decoy) -> None:
    pytest.importorskip(module)
    outcome = guarded.run(body.replace("timeout=20", "timeout=1"), guarded=False)
    assert outcome.error != ""
    assert decoy.log != []


def test_a_finder_that_the_code_adds_does_not_come_before_the_guard(guarded: Guarded, decoy: Decoy) -> None:
    body = """
        import importlib.util, sys
        class Greedy:
            def find_spec(self, name, path, target=None):
                if name in ("psycopg.generators", "psycopg2._psycopg"):
                    sys.meta_path.remove(self)
                    try:
                        return importlib.util.find_spec(name)
                    finally:
                        sys.meta_path.insert(0, self)
        sys.meta_path.insert(0, Greedy())
        import psycopg, psycopg2
        answer(psycopg.connect(URL).execute(QUERY).fetchone()[0])
        cursor = psycopg2.connect(URL).cursor()
        cursor.execute(QUERY)
        answer(cursor.fetchone()[0])
    """
    outcome = guarded.run(body)
    assert (outcome.error, outcome.answers, decoy.log) == ("", ["guarded", "guarded"], [])


def test_a_driver_that_is_loaded_again_is_redirected_again(guarded: Guarded, decoy: Decoy) -> None:
    body = """
        import asyncio, asyncpg.connect_utils, importlib, psycopg.generators
        importlib.reload(asyncpg.connect_utils)
        importlib.reload(psycopg.generators)
        async def main():
            answer(await (await asyncpg.connect(URL)).fetchval(QUERY))
        asyncio.run(main())
        answer(psycopg.connect(URL).execute(QUERY).fetchone()[0])
    """
    outcome = guarded.run(body)
    assert (outcome.error, outcome.answers, decoy.log) == ("", ["guarded", "guarded"], [])


@pytest.mark.parametrize("module", ["psycopg.generators", "psycopg.pq", "psycopg2._psycopg", "asyncpg.connect_utils"])
def test_a_patched_module_shows_its_own_loader(module: str, guarded: Guarded) -> None:
    body = f"""
        import importlib, sys
        module = importlib.import_module("{module}")
        answer([type(module.__loader__).__module__, module.__spec__.loader is module.__loader__])
    """
    outcome = guarded.run(body)
    assert (outcome.error, outcome.answers) == ("", [["_frozen_importlib_external", True]])


def test_many_threads_with_a_variable_that_is_hidden_all_connect(guarded: Guarded, decoy: Decoy) -> None:
    body = """
        import os, psycopg, psycopg2
        from concurrent.futures import ThreadPoolExecutor
        os.environ["PGSERVICE"] = "missing"
        def work(number):
            connection = (psycopg, psycopg2)[number % 2].connect(URL)
            cursor = connection.cursor()
            cursor.execute(QUERY)
            return cursor.fetchone()[0]
        with ThreadPoolExecutor(8) as executor:
            answer(sorted(set(executor.map(work, range(40)))))
        answer(os.environ["PGSERVICE"])
    """
    outcome = guarded.run(body)
    assert (outcome.error, outcome.answers, decoy.log) == ("", [["guarded"], "missing"], [])


_ONE_OF_EACH = [way for way in EVERY_WAY if str(way.id).endswith((": connect", ": the DB-API", ": AsyncConnection"))]


@pytest.mark.parametrize("settings", [(), (("sslmode", "disable"),)], ids=["no settings", "sslmode"])
@pytest.mark.parametrize(("module", "body"), _ONE_OF_EACH)
def test_the_place_may_be_a_server_that_is_reached_by_tcp_only(
    module: str, body: str, settings, tmp_path: Path, place_of_ours, decoy: Decoy
) -> None:
    pytest.importorskip(module)
    place = {
        **place_of_ours,
        "host": place_of_ours["tcp_host"],
        "port": place_of_ours["tcp_port"],
        "settings": settings,
    }
    outcome = Guarded(tmp_path, place, decoy.port).run(body)
    assert (outcome.error, outcome.answers, decoy.log) == ("", ["guarded"], [])


@pytest.mark.skipif(ctypes.util.find_library("pq") is None, reason="psycopg in Python needs the machine's libpq")
@pytest.mark.parametrize("name", ["connect", "AsyncConnection", "pq", "pq without waiting", "SQLAlchemy"])
def test_psycopg_in_python_is_redirected_as_psycopg_in_c_is(name: str, guarded: Guarded, decoy: Decoy) -> None:
    outcome = guarded.run(MODULES["psycopg"][name], environment={"PSYCOPG_IMPL": "python"})
    assert (outcome.error, outcome.answers, decoy.log) == ("", ["guarded"], [])
