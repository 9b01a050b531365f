"""``data``: a revision goes up, down and up with rows in the tables that it touches."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_migcheck.checks.data_findings import Breakage, breakages, computed_columns, data_finding
from pytest_migcheck.checks.data_places import Places
from pytest_migcheck.checks.data_rows import Smallest
from pytest_migcheck.checks.row_trials import Budget, DataOptions
from pytest_migcheck.checks.touched import Touched, touched, with_dependents
from pytest_migcheck.core.finding import Finding, Severity
from pytest_migcheck.core.graph import Revision
from pytest_migcheck.core.outcome import Outcome, Status, TriedRows
from pytest_migcheck.core.rows import RowSet
from pytest_migcheck.core.table_shape import Shapes, TableName
from pytest_migcheck.populate.compare import Intent
from pytest_migcheck.populate.drawing import First, Plain, draw_rows, seed_of, sweep
from pytest_migcheck.populate.literals import batch_size, literals_of_python, literals_of_sql
from pytest_migcheck.populate.passage import Passage, Route, layout_of, sequences_of
from pytest_migcheck.populate.plan import Wanted, bounded, make_plan
from pytest_migcheck.populate.sample import SETTING
from pytest_migcheck.populate.simplify import simplified
from pytest_migcheck.postgres.shapes import read_shapes
from pytest_migcheck.sql.writes import writes
from pytest_migcheck.walk.cursor import Cursor
from pytest_migcheck.walk.stairway import Stairway

# A set that needs a copy of the database takes ten times as long as one that is rolled back.
_IN_COPIES = 3
_SWEPT = 40
# Plain rows, NULLs and duplicates are few: they are tried also when the time is up.
_ALWAYS = 3
# A batch is only left behind where there are more rows than one takes.
_LARGEST_BATCH = 1000
_TO_SIMPLIFY = 3.0  # seconds
# Alike for all items, so that the summary says it once.
_CUT = "migcheck_time_budget ({:g} s) was used up: some data items tried fewer sets of rows than migcheck_examples says"
_BATCHES = "batches of {} rows in {} are larger than any set that is tried ({}): whether all rows are taken is not seen"


def judge_data(
    stairway: Stairway,
    revision: Revision,
    before: Callable[[], AbstractContextManager[Cursor | None]],
    options: DataOptions,
    budget: Budget,
) -> Outcome:
    """Judge one revision by rows.

    Args:
        stairway: its records over empty tables.
        revision: the revision.
        before: gives a cursor that stands right before the revision.
        options: what the user says about rows.
        budget: what the items of the run may still take.
    """
    if stairway.blocked_by is not None or stairway.up is None:
        return Outcome(status=Status.SKIPPED, reason=f"not reached: upgrading {stairway.blocked_by} fails")
    if stairway.up.failure is not None:
        return Outcome(status=Status.SKIPPED, reason=f"upgrading {revision.id} fails without rows (see stairway)")
    what = touched(stairway, options.hidden)
    if not what.tables:
        return Outcome(status=Status.PASSED)
    with before() as cursor:
        if cursor is None:
            return Outcome(status=Status.SKIPPED, reason="not reached: an earlier upgrade fails")
        trial = _Trial(stairway, revision, cursor, options, budget)
        trial.prepare(what, read_shapes(cursor.query, options.hidden), cursor.query)
        return trial.outcome()


class _Trial:
    """The trial of one revision: what is tried, and what came of it."""

    def __init__(
        self, stairway: Stairway, revision: Revision, cursor: Cursor, options: DataOptions, budget: Budget
    ) -> None:
        self._stairway, self._revision, self._options, self._budget = stairway, revision, options, budget
        self._cursor = cursor
        self._most: dict[TableName, int] = {}
        self._refused: dict[TableName, str] = {}
        self._unfilled: str | None = None
        self._notes: list[str] = []
        self._warnings: dict[Any, Breakage] = {}
        self._tried = 0
        self._started = time.monotonic()

    def prepare(self, what: Touched, shapes: Shapes, query: Callable[[str], Sequence[Sequence[Any]]]) -> None:
        """Plan the rows and the route."""
        up, down = self._stairway.up, self._stairway.down
        assert up is not None
        assert up.after is not None
        statements = [s for r in (up, down) if r is not None for s in r.statements]
        literals = literals_of_sql(s.sql for s in statements).and_also(literals_of_python(Path(self._revision.path)))
        self._batch = batch_size(_source(self._revision.path), literals)
        wanted = Wanted(
            tables=sorted(with_dependents(what, shapes, statements)),
            literals=literals,
            bounds=self._options.bounds,
            own=self._options.own,
        )
        self._plan = make_plan(query, shapes, wanted)
        self._notes += self._plan.notes
        self._depends = what.depends
        tables = self._plan.shapes
        goes_down = down is not None and down.failure is None and not self._options.irreversible
        again = self._stairway.again
        after = layout_of(up.after, tables)
        self._route = Route(
            revision=self._revision.id,
            tables=tables,
            before=layout_of(up.before, tables),
            after=after,
            restored=layout_of(down.after, tables) if goes_down and down and down.after else {},
            sequences_before=sequences_of(up.before, layout_of(up.before, tables)),
            sequences=sequences_of(up.after, after),
            goes_down=goes_down,
            goes_up_again=again is not None and again.failure is None,
        )
        self._statements = (up.statements, down.statements if down else ())
        deferred = any(table.deferred for table in tables.values())
        deferred = deferred or any("DEFERR" in s.sql.upper() for s in statements)
        self._places = Places(self._cursor, self._route, committed=what.commits or deferred)

    def outcome(self) -> Outcome:
        try:
            found = self._found() if self._plan.tables else []
        finally:
            self._budget.used += time.monotonic() - self._started
            self._places.close()
        self._name_unfilled()
        findings = [self._finding(breakage, rows) for breakage, rows in found]
        told = {breakage.key for breakage, _ in found}
        findings += [self._finding(b, None) for key, b in self._warnings.items() if key not in told]
        failed = any(f.severity is Severity.ERROR for f in findings)
        tables = ((table.shape.label, self._most.get(table.shape.key, 0)) for table in self._plan.tables)
        return Outcome(
            status=Status.FAILED if failed else Status.PASSED,
            findings=tuple(findings),
            notes=tuple(self._notes),
            tried=TriedRows(sets=self._tried, tables=tuple(tables)) if self._plan.tables else None,
        )

    def _found(self) -> list[tuple[Breakage, RowSet]]:
        smallest: dict[Any, RowSet] = {}
        for number, rows in enumerate(self._first()):
            if number >= _ALWAYS and self._left() <= 0:
                self._note_cut()
                break
            for key in self._judge(rows):
                if key not in smallest:
                    smallest[key] = self._simplified(rows, key)
        if self._depends:
            smallest |= self._searched(smallest)
        confirmed = self._confirmed(smallest)
        if smallest and not confirmed and not self._places.committed:
            # Something about one transaction for all steps broke it: from here on each step has its own.
            self._places.committed = True
            self._warnings.clear()
            confirmed = self._confirmed(self._searched({}))
        return confirmed

    def _note_cut(self) -> None:
        """Say that time ran out; an item says so once, whatever it left out for it."""
        note = _CUT.format(self._budget.seconds)
        if note not in self._notes:
            self._notes.append(note)

    def _simplified(self, rows: RowSet, key: Any) -> RowSet:
        """The rows as a person would write them; what was found has some time for that, whatever is left."""
        # As many rows as a batch takes are slow to try, and few can be left out.
        left = self._left() if max(Counter(row.table for row in rows).values(), default=0) <= _SWEPT else 0.0
        until = time.monotonic() + max(left, _TO_SIMPLIFY)
        return simplified(rows, self._plan, lambda simpler: time.monotonic() < until and key in self._judge(simpler))

    def _left(self) -> float:
        return self._budget.left() - (time.monotonic() - self._started)

    def _first(self) -> Iterator[RowSet]:
        """Rows to begin with: the user's, plain ones, only NULLs, two that are alike, every value, a full batch."""
        if self._options.sample is not None:
            yield from self._options.sample.rows(self._plan, self._notes)
        yield draw_rows(bounded(self._plan, (2, 2)), Plain(), nulls=False)
        if self._depends:
            yield draw_rows(bounded(self._plan, (3, 3)), First())
            yield draw_rows(bounded(self._plan, (2, 2)), First(), nulls=False)
            yield sweep(bounded(self._plan, (_SWEPT, _SWEPT)))
            yield from self._of_a_batch()

    def _of_a_batch(self) -> Iterator[RowSet]:
        """A row more than a statement takes at once."""
        if _SWEPT <= self._batch <= _LARGEST_BATCH:
            yield draw_rows(bounded(self._plan, (self._batch + 1, self._batch + 1)), First())
        elif self._batch > _LARGEST_BATCH:
            self._notes.append(_BATCHES.format(self._batch, self._revision.id, _LARGEST_BATCH + 1))

    def _searched(self, known: Mapping[Any, RowSet]) -> dict[Any, RowSet]:
        """What else breaks it."""
        if self._left() <= 0:
            self._note_cut()
            return {}
        from pytest_migcheck.populate.search import search

        found = search(
            self._plan,
            lambda rows: tuple(key for key in self._judge(rows) if key not in known),
            name=f"{self._options.history}:{self._revision.id}",
            examples=-(-self._options.examples // _IN_COPIES) if self._places.committed else self._options.examples,
            time_left=self._left,
            seed=self._options.seed,
        )
        if found.cut:
            self._note_cut()
        return dict(found.smallest)

    def _judge(self, rows: RowSet) -> tuple[Any, ...]:
        """The keys of what the rows break; what is only a warning is noted."""
        passage = self._places.take_through(rows)
        self._tried += 1
        self._note(passage)
        found = self._broken(passage)
        for breakage in found:
            if breakage.severity is not Severity.ERROR:
                self._warnings.setdefault(breakage.key, breakage)
        return tuple(b.key for b in found if b.severity is Severity.ERROR)

    def _confirmed(self, smallest: dict[Any, RowSet]) -> list[tuple[Breakage, RowSet]]:
        """What breaks with each step in its own transaction, too."""
        confirmed = []
        for key, rows in smallest.items():
            passage = self._places.take_through(rows, committed=True)
            for breakage in self._broken(passage):
                if breakage.key == key:
                    confirmed.append((replace(breakage, passage=passage), rows))
        return confirmed

    def _broken(self, passage: Passage) -> list[Breakage]:
        """What broke, beside what the statements that ran over these rows say that they do."""
        ran = [result.statements for result in passage.results]
        up = (*self._statements[0], *(s for n in (0, 2) for s in (ran[n] if n < len(ran) else ())))
        down = (*self._statements[1], *(ran[1] if len(ran) > 1 else ()))
        tables = self._plan.shapes
        intent = Intent(
            up=frozenset(w for s in up for w in writes(s.sql)),
            down=frozenset(w for s in down for w in writes(s.sql)),
            computed=computed_columns(up, tables),
            computed_back=computed_columns(down, tables),
        )
        return breakages(passage, tables, intent, self._batch)

    def _note(self, passage: Passage) -> None:
        for key, found in passage.before.items():
            self._most[key] = max(len(found.rows), self._most.get(key, 0))
        self._refused.update(passage.refused)
        # A sample is tried first; later its rows go in without those that they refer to.
        for why in passage.refused.values() if self._tried == 1 else ():
            if why.startswith(SETTING):
                self._notes.append(f"{why.splitlines()[0]}; the row is left out")
        self._unfilled = passage.none or self._unfilled

    def _name_unfilled(self) -> None:
        for table in self._plan.tables:
            key = table.shape.key
            if not self._most.get(key) and table.at_most:
                why = self._refused.get(key) or self._unfilled or "no rows were drawn"
                # Where the rows of another table are missing, that one is named.
                if "violates foreign key" not in why:
                    self._notes.append(f"no rows in {table.shape.label}: {why.splitlines()[0]}")

    def _finding(self, breakage: Breakage, rows: RowSet | None) -> Finding:
        options = self._options
        seed = seed_of(f"{options.history}:{self._revision.id}") if options.seed is None else options.seed
        shown = () if rows is None else Smallest(rows, self._plan, self._tried, seed).details(breakage.passage.before)
        return data_finding(breakage, self._revision, shown)


def _source(path: str) -> str:
    return Path(path).read_text(encoding="utf-8", errors="replace")
