"""A merged revision whose upgrade was edited: databases that ran it keep what it did before."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.checks.history_rules._rule import HistoryContext, HistoryRule, Spotted
from pytest_migcheck.core.finding import Severity


def look(context: HistoryContext) -> Iterator[Spotted]:
    if context.comparison is None:
        return
    for id_, (then, now) in context.comparison.edited.items():
        if then.upgrade == now.upgrade:
            continue  # a downgrade may be put right: no database has run it, or it has and is where it should be
        revision, base = context.graph.revisions[id_], context.comparison.base
        yield Spotted(
            headline=f"{id_} was edited after it reached {base.ref}",
            path=revision.path,
            line=revision.upgrade_line,
            object=id_,
            revision=id_,
            fix=f"git checkout {base.short} -- {base.shown(revision.path)}   and put the change into a new revision",
        )


RULE = HistoryRule(
    name="merged-revision-edited",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A merged revision was edited.",
    condition="the code that upgrade() runs differs from the one at the base of the branch (migcheck_since = git:REF); "
    "comments, layout, imports and downgrade() do not count",
    effect="databases that have run the revision keep what it did before, and differ from those that run it now",
    fix="restore the file, and put the change into a new revision",
    look=look,
)
