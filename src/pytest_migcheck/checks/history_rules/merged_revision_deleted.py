"""A merged revision that is gone: a database that stands there can neither go up nor down."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.checks.history_rules._rule import HistoryContext, HistoryRule, Spotted


def look(context: HistoryContext) -> Iterator[Spotted]:
    if context.comparison is None:
        return
    base = context.comparison.base
    for gone in context.comparison.deleted:
        name = base.shown(str(gone.path))
        yield Spotted(
            headline=f"{gone.id} was deleted after it reached {base.ref}",
            path=context.env_path,
            line=1,
            object=gone.id,
            details=(("file", name),),
            fix=f"git checkout {base.short} -- {name}",
        )


RULE = HistoryRule(name="merged-revision-deleted", look=look)
