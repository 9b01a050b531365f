"""Whatever driver and whatever way the user's code connects: it gets our database, and the one it names hears nothing."""

from __future__ import annotations

import textwrap

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
