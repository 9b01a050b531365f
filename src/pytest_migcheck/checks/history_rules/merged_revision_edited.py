"""A merged revision whose upgrade was edited: databases that ran it keep what it did before."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.checks.history_rules._rule import HistoryContext, HistoryRule, Spotted


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


RULE = HistoryRule(name="merged-revision-edited", look=look)
