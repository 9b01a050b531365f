"""Histories that the tools' own command lines made, run by them and by us: the same catalog, to the last attribute."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tool import BY_NAME, TOOLS, Tool

from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.core.diff import diff
from pytest_migcheck.core.finding import Direction
from pytest_migcheck.history.sql.find import FoundFolder
from pytest_migcheck.history.sql.history import SqlHistory, SqlOptions
from pytest_migcheck.postgres.database_set import DatabaseSet

LEDGERS = {
    *("sqitch", "drizzle", "_prisma_migrations", "schema_migrations"),
    *("_yoyo_log", "_yoyo_migration", "_yoyo_version", "yoyo_lock"),
}
each_tool = pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)


class Side:
    """A database of one side."""

    def __init__(self, server, label: str) -> None:
        self.databases = DatabaseSet(server, label)

    @property
    def url(self) -> str:
        return self.databases.main.dsn

    def execute(self, sql: str) -> None:
        with self.databases.main.connect() as connection:
            connection.execute(sql)

    def catalog(self) -> Catalog:
        """Without what the tools note for themselves."""
        objects = self.databases.read_catalog(()).objects
        return Catalog(
            {
                key: attributes
                for key, attributes in objects.items()
                if not LEDGERS & {key.schema, key.parent, key.name, key.name.partition(" ")[0]}
            }
        )


@pytest.fixture
def sides(server):
    theirs, ours = Side(server, "theirs"), Side(server, "ours")
    yield theirs, ours
    theirs.databases.drop()
    ours.databases.drop()


def history_of(tool: Tool, place: Path) -> SqlHistory:
    layout = FoundFolder(label=tool.name, tool=tool.name, path=(place / tool.folder).resolve()).layout()
    init = (place / tool.init,) if tool.init else ()
    return SqlHistory(layout, SqlOptions(name=tool.name, prepare=lambda _databases: None, init=init, timeout=60.0))


def run_theirs(tool: Tool, side: Side, place: Path, find, command: str, *, fails: bool = False) -> str:
    if tool.init:
        side.execute((place / tool.init).read_text())
    done = tool.run(command, side.url, place, find)
    assert bool(done.returncode) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


@each_tool
def test_the_catalog_at_the_end_is_that_of_the_tool(tool: Tool, sides, tmp_path: Path, find_program) -> None:
    theirs, ours = sides
    place = tool.copy(tmp_path / "project")
    run_theirs(tool, theirs, place, find_program, tool.up)
    history = history_of(tool, place)
    history.prepare(ours.databases)
    assert history.upgrade_to_heads(ours.databases).failure is None
    at_end = theirs.catalog()
    assert len(at_end.objects) > 20
    assert diff(at_end, ours.catalog()) == ()


@each_tool
def test_release_by_release_it_is_the_same(tool: Tool, sides, tmp_path: Path, find_program) -> None:
    theirs, ours = sides
    place = tool.copy(tmp_path / "project")
    run_theirs(tool, theirs, place, find_program, tool.up)
    history = history_of(tool, place)
    history.prepare(ours.databases)
    run = history.start(ours.databases)
    for revision in history.graph.order:
        assert run.step(revision, Direction.UPGRADE, traced=True).failure is None
    run.end()
    assert diff(theirs.catalog(), ours.catalog()) == ()


@pytest.mark.parametrize("tool", [t for t in TOOLS if t.down], ids=lambda tool: tool.name)
def test_the_way_back_is_that_of_the_tool(tool: Tool, sides, tmp_path: Path, find_program) -> None:
    theirs, ours = sides
    place = tool.copy(tmp_path / "project")
    run_theirs(tool, theirs, place, find_program, tool.up)
    history = history_of(tool, place)
    order = history.graph.order
    back = tool.steps_down if tool.steps_down > 1 else len(order)
    for _ in range(tool.steps_down):
        run_theirs(tool, theirs, place, find_program, tool.down)
    history.prepare(ours.databases)
    assert history.upgrade_to_heads(ours.databases).failure is None
    run = history.start(ours.databases)
    for revision in list(reversed(order))[:back]:
        assert run.step(revision, Direction.DOWNGRADE, traced=False).failure is None
    assert diff(theirs.catalog(), ours.catalog()) == ()


@pytest.mark.parametrize("name", ["prisma", "drizzle", "dbmate"])
def test_the_tool_finds_our_database_migrated(name: str, sides, tmp_path: Path, find_program) -> None:
    tool = BY_NAME[name]
    _, ours = sides
    place = tool.copy(tmp_path / "project")
    history = history_of(tool, place)
    history.prepare(ours.databases)
    assert history.upgrade_to_heads(ours.databases).failure is None
    before = ours.catalog()
    done = tool.run(tool.status, ours.url, place, find_program)
    assert done.returncode == 0, done.stdout + done.stderr
    assert tool.up_to_date in done.stdout
    assert diff(before, ours.catalog()) == ()


TABLE = "CREATE TABLE kept (id bigint);"
FAILS = "CREATE TABLE lost (id bigint);\nSELECT 1/0;\n"


def journal(place: Path, tag: str) -> None:
    path = place / "drizzle" / "meta" / "_journal.json"
    plain = json.loads(path.read_text())
    last = plain["entries"][-1]
    plain["entries"].append({**last, "idx": last["idx"] + 1, "tag": tag, "when": last["when"] + 1})
    path.write_text(json.dumps(plain))


def write(place: Path, name: str, text: str | bytes) -> None:
    path = place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    if name.startswith("drizzle/"):
        journal(place, path.stem)
    if name.startswith("deploy/"):
        with (place / "sqitch.plan").open("a") as plan:
            plan.write(f"{path.stem} 2027-01-01T00:00:00Z A Reviewer <a@example.com> # one more\n")


DBMATE = "-- migrate:up{}\n{}\n-- migrate:down\n"
P1, P2 = "prisma/migrations/2027_a/migration.sql", "prisma/migrations/2028_b/migration.sql"
CASES = {
    "prisma, a file is a transaction": ("prisma", {P1: TABLE, P2: FAILS}),
    "prisma, a file ends it": ("prisma", {P1: TABLE, P2: f"BEGIN;\nCREATE TABLE x ();\nCOMMIT;\n{FAILS}"}),
    "prisma, ended in the middle": ("prisma", {P1: f"CREATE TABLE x ();\nCOMMIT;\n{FAILS}"}),
    "prisma, concurrently with others": ("prisma", {P1: f"{TABLE}\nCREATE INDEX CONCURRENTLY i ON kept (id);"}),
    "prisma, a byte order mark": ("prisma", {P1: b"\xef\xbb\xbf" + TABLE.encode()}),
    "prisma, a command of psql": ("prisma", {P1: f"\\connect other\n{TABLE}"}),
    "drizzle, all is one transaction": ("drizzle", {"drizzle/0006_a.sql": TABLE, "drizzle/0007_b.sql": FAILS}),
    "drizzle, a chunk that commits": (
        "drizzle",
        {"drizzle/0006_a.sql": f"{TABLE}\n--> statement-breakpoint\nCOMMIT;\n--> statement-breakpoint\n{FAILS}"},
    ),
    "dbmate, a transaction": (
        "dbmate", {"db/migrations/2027_a.sql": DBMATE.format("", TABLE), "db/migrations/2028_b.sql": DBMATE.format("", FAILS)},
    ),
    "dbmate, outside": ("dbmate", {"db/migrations/2027_a.sql": DBMATE.format(" transaction:false", TABLE + FAILS)}),
    "dbmate, no way back": ("dbmate", {"db/migrations/2027_a.sql": f"-- migrate:up\n{TABLE}"}),
    "dbmate, a byte order mark": ("dbmate", {"db/migrations/2027_a.sql": b"\xef\xbb\xbf-- migrate:up\nSELECT 1;\n-- migrate:down\n"}),
    "dbmate, before the mark": ("dbmate", {"db/migrations/2027_a.sql": f"{TABLE}\n-- migrate:up\n-- migrate:down\n"}),
    "sqitch, no transaction": ("sqitch", {"deploy/more.sql": f"{TABLE}\n{FAILS}"}),
    "sqitch, its own transaction": ("sqitch", {"deploy/more.sql": f"{TABLE}\nBEGIN;\n{FAILS}COMMIT;"}),
    "yoyo, a transaction": ("yoyo", {"migrations/2027_a.sql": TABLE, "migrations/2028_b.sql": FAILS}),
    "yoyo, outside": ("yoyo", {"migrations/2027_a.sql": f"-- transactional: false\n{TABLE}\n{FAILS}"}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_a_failure_leaves_is_what_the_tool_leaves(case: str, sides, tmp_path: Path, find_program) -> None:
    name, files = CASES[case]
    tool = BY_NAME[name]
    theirs, ours = sides
    place = tool.copy(tmp_path / "project")
    for file, text in files.items():
        write(place, file, text)
    run_theirs(tool, theirs, place, find_program, tool.up_so_far or tool.up, fails=True)
    history = history_of(tool, place)
    history.prepare(ours.databases)
    assert history.upgrade_to_heads(ours.databases).failure is not None
    assert diff(theirs.catalog(), ours.catalog()) == ()


@pytest.mark.parametrize(
    ("name", "command", "file"),
    [
        ("prisma", "migrate diff --from-empty --to-schema-datamodel prisma/schema.prisma --script", "prisma/schema.sql"),
        ("drizzle", "export --sql", "schema.sql"),
    ],
)
def test_the_declared_schema_is_what_the_tool_prints(
    name: str, command: str, file: str, sides, tmp_path: Path, find_program
) -> None:
    tool = BY_NAME[name]
    place = tool.copy(tmp_path / "project")
    done = tool.run(command, sides[0].url, place, find_program)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip() == (place / file).read_text().strip()
