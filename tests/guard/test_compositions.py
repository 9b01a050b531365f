"""env.py files put together at random: who imports a driver and when, how it connects, where, and what it swallows."""

from __future__ import annotations

import os
import textwrap

import pytest
from decoy import Decoy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forked_pytest import ForkedPytest
from history_project import Project
from pytest_migcheck.guard.kernel import SWITCH

EXAMPLES = int(os.environ.get("MIGCHECK_GUARD_EXAMPLES", "25"))
URL = "postgresql://u:p@127.0.0.1:{port}/prod"
#: Expressions that connect, by the module that they need.
CONNECTS = {
    "psycopg": ["psycopg.connect(URL)", "psycopg.Connection.connect(URL)", "psycopg.connect(host='127.0.0.1', port=PORT, dbname='x')"],
    "psycopg2": ["psycopg2.connect(URL)", "psycopg2.connect(host='127.0.0.1', port=PORT, dbname='x', user='u')"],
    "asyncpg": ["asyncio.run(asyncpg.connect(URL))", "asyncio.run(asyncpg.connect(host='127.0.0.1', port=PORT, user='u'))"],
    "sqlalchemy": ["sqlalchemy.create_engine(URL.replace('://', '+psycopg://')).connect()"],
    "socket": ["socket.create_connection(('127.0.0.1', PORT), 5)"],
    "urllib.request": ["urllib.request.urlopen(f'http://127.0.0.1:{PORT}', timeout=5)"],
    "subprocess": ["subprocess.run(['psql', URL, '-c', 'SELECT 1'], timeout=20)"],
}
PLACES = {
    "here": "{body}",
    "a thread": "import threading\ndef work():\n{indented}\nthread = threading.Thread(target=work)\nthread.start()\nthread.join(30)",
    "an executor": "from concurrent.futures import ThreadPoolExecutor\ndef work():\n{indented}\nThreadPoolExecutor().submit(work).result(30)",
    "atexit": "import atexit\n@atexit.register\ndef work():\n{indented}",
    "a module": None,
}
SWALLOWS = ["", "Exception", "BaseException", "OSError"]


@st.composite
def parts(draw: st.DrawFn) -> tuple[str, str, str]:
    """Code of one connection; the module that it lies in, if any; and where it belongs: env.py, a revision, models."""
    module = draw(st.sampled_from(sorted(CONNECTS)))
    body = f"import asyncio, {module}\n{draw(st.sampled_from(CONNECTS[module]))}"
    swallowed = draw(st.sampled_from(SWALLOWS))
    if swallowed:
        body = f"try:\n{textwrap.indent(body, '    ')}\nexcept {swallowed}:\n    pass"
    shape = PLACES[draw(st.sampled_from(sorted(PLACES)))]
    owner = draw(st.sampled_from(["env", "upgrade", "downgrade", "revision"]))
    if shape is None:
        return "import lies_elsewhere", body, owner
    return shape.format(body=body, indented=textwrap.indent(body, "    ")), "", owner


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(chosen=st.lists(parts(), min_size=1, max_size=3), kernel=st.booleans())
def test_no_composition_reaches_the_decoy(
    tmp_path_factory: pytest.TempPathFactory, forked_pytest: ForkedPytest, chosen: list[tuple[str, str, str]], kernel: bool
) -> None:
    with Decoy() as decoy, pytest.MonkeyPatch.context() as patch:
        if not kernel:
            patch.setenv(SWITCH, "1")
        project = Project(tmp_path_factory.mktemp("composed"))
        names = f"PORT = {decoy.port}\nURL = {URL.format(port=decoy.port)!r}\n"
        code = {"env": "", "upgrade": "", "downgrade": "", "revision": ""}
        elsewhere = names
        for body, module, owner in chosen:
            code[owner] += f"{body}\n"
            elsewhere += f"{module}\n"
        project.write("lies_elsewhere.py", elsewhere)
        env = project.path / "migrations/env.py"
        env.write_text(f"{names}{code['env']}\n{env.read_text()}")
        project.revision("a1", f"{names}{code['upgrade']}", f"{names}{code['downgrade']}pass", extra=f"{names}{code['revision']}")
        result = forked_pytest.run(
            project.path, ("-p", "no:cacheprovider", "--migcheck", "--migcheck-checks=stairway,upgrade")
        )
        assert decoy.log == []
        assert "INTERNALERROR" not in result.stdout.str()
