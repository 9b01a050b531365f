"""A new revision below a merged one: databases that have run that one never run it."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.checks.history_rules._rule import HistoryContext, HistoryRule, Spotted


def look(context: HistoryContext) -> Iterator[Spotted]:
    if context.comparison is None:
        return
    new = context.comparison.new
    for id_ in (r for r in context.graph.order if r in new):
        above = [child for child in context.graph.children(id_) if child not in new]
        if not above:
            continue
        revision, base = context.graph.revisions[id_], context.comparison.base
        heads = [r for r in context.graph.heads if r not in new] or list(context.graph.heads)
        yield Spotted(
            headline=f"{id_} is new, and {', '.join(above)}, which {base.ref} has, now requires it",
            path=revision.path,
            line=revision.down_revision_line,
            object=id_,
            revision=id_,
            fix=f"down_revision = {heads[-1]!r} in {id_}, and down_revision of {', '.join(above)} as it was",
        )


RULE = HistoryRule(name="revision-inserted-in-history", look=look)
