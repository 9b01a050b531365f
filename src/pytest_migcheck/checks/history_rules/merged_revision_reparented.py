"""A merged revision that was put on another parent: databases that ran it never get what now comes before."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.checks.history_rules._rule import HistoryContext, HistoryRule, Spotted


def look(context: HistoryContext) -> Iterator[Spotted]:
    if context.comparison is None:
        return
    for id_, (then, now) in context.comparison.relinked.items():
        if set(now.requires) & context.comparison.new:
            continue  # told of the revision that was put in between
        revision, base = context.graph.revisions[id_], context.comparison.base
        before, after = (", ".join(names) or "nothing" for names in (then.requires, now.requires))
        yield Spotted(
            headline=f"{id_} requires {after}, and required {before} when it reached {base.ref}",
            path=revision.path,
            line=revision.down_revision_line,
            object=id_,
            revision=id_,
            fix=f"git checkout {base.short} -- {base.shown(revision.path)}",
        )


RULE = HistoryRule(name="merged-revision-reparented", look=look)
