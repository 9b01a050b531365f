"""Advice that takes several revisions or releases, because code that is running has to go on working in between."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import NEXT_REVISION, RuleContext
from pytest_migcheck.sql.statements import Action, ParsedStatement

# The old column tells the new one; code that writes either may be running when a column gets another name.
_ONE_WAY = "NEW.{new} := {value};"
_BOTH_WAYS = """IF TG_OP = 'INSERT' THEN
            NEW.{new} := coalesce(NEW.{new}, NEW.{old});
            NEW.{old} := NEW.{new};
        ELSIF NEW.{old} IS DISTINCT FROM OLD.{old} THEN
            NEW.{new} := NEW.{old};
        ELSIF NEW.{new} IS DISTINCT FROM OLD.{new} THEN
            NEW.{old} := NEW.{new};
        END IF;"""


def in_next_release(rule: str, released: str, then: str) -> str:
    """A statement that waits for code: what this release ships, and the same statement in the next, which says so."""
    return f"# this release: {released}\n# the next release\n{then}  {_reasoned(rule, released)}"


def _reasoned(rule: str, released: str) -> str:
    return f"# migcheck: ignore[{rule_id(rule)}] released: {released}"


def changed_type(table: str, change: Action, others: Sequence[Action], context: RuleContext) -> str:
    """Another type by way of a column beside the old one, which takes its name when it holds the same.

    ``others`` are the actions of the same statement, which may change the column's default as well.
    """
    old, new = change.name, f"{change.name}_new"
    if context.direction is Direction.DOWNGRADE:
        steps = f"{new} beside {old}, batches, and the names swapped"
        return f"# in steps, each undone by the downgrade of its own revision: {steps}"
    using = re.sub(r"(?is)^.*?\bUSING\b\s*", "", change.tail) if "USING" in change.flags else ""
    row = f"(SELECT {using} FROM (SELECT NEW.*) AS {code.quoted(code.bare(table))})"
    value = row if using else f"NEW.{code.quoted(old)}"
    name, schema = code.text(code.bare(table)), code.schema_argument(table)
    swap = [
        code.call("alter_column", name, code.text(before), f"new_column_name={code.text(after)}", *schema)
        for before, after in ((old, f"{old}_old"), (new, old))
    ]
    column = Action(kind="add column", name=new, type=change.type)
    fitting = () if using or "(" not in change.type else (f"# first, code that writes only what fits {change.type}",)
    return "\n".join(
        (
            *fitting,
            *_kept_alike(table, column, _ONE_WAY.format(new=code.quoted(new), value=value)),
            NEXT_REVISION,
            _copy(table, new, using or code.quoted(old), context),
            f"{NEXT_REVISION}{_to_build_before(table, old, new, context)}",
            *_not_kept_alike(table, new),
            *_default(table, new, _new_default(table, old, others, context)),
            *swap,
            *_fills_itself(table, old, context),
            f"# the next release: drop {old}_old",
        )
    )


def renamed_column(table: str, old: str, new: str, context: RuleContext) -> str:
    """Another name by way of a second column, so that code with either name works until the old code is gone."""
    column = Action(kind="add column", name=new, type=context.old_type(table, old))
    body = _BOTH_WAYS.format(new=code.quoted(new), old=code.quoted(old))
    drop = code.call("drop_column", code.text(code.bare(table)), code.text(old), *code.schema_argument(table))
    return "\n".join(
        (
            *_kept_alike(table, column, body),
            NEXT_REVISION,
            _copy(table, new, code.quoted(old), context),
            f"{NEXT_REVISION}{_to_build_before(table, old, new, context)}",
            "# and only after a release whose code uses the new name alone",
            *_not_kept_alike(table, new),
            *_default(table, new, _old_default(table, old, context)),
            f"{drop}  {_reasoned('drop-column', f'code that uses {new} alone')}",
        )
    )


def _kept_alike(table: str, column: Action, body: str) -> tuple[str, ...]:
    function, trigger, on = _names(table, column.name)
    return (
        "# this revision: a second column, which a trigger keeps like the first",
        _SHORT_WAIT,
        code.add_column(table, column),
        code.script(
            f"""
    CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        {body}
        RETURN NEW;
    END $$;
    CREATE TRIGGER {trigger} BEFORE INSERT OR UPDATE ON {on} FOR EACH ROW EXECUTE FUNCTION {function}()
"""
        ),
    )


def _not_kept_alike(table: str, new: str) -> tuple[str, ...]:
    function, trigger, on = _names(table, new)
    return (
        _SHORT_WAIT,
        code.execute(f"DROP TRIGGER {trigger} ON {on}"),
        code.execute(f"DROP FUNCTION {function}()"),
    )


_SEQUENCE = "nextval("
_SHORT_WAIT = code.execute("SET LOCAL lock_timeout = '2s'")


def _names(table: str, new: str) -> tuple[str, str, str]:
    """The function, with the schema of its table, the trigger and the table, as SQL wants them."""
    schema, dot, bare = table.rpartition(".")
    name = f"{bare}_{new}"
    return code.identifier(f"{schema}{dot}{name}"), code.quoted(name), code.identifier(table)


def _copy(table: str, new: str, value: str, context: RuleContext) -> str:
    """The rows that are there already, in batches."""
    update = f"UPDATE {code.identifier(table)} SET {code.quoted(new)} = {value}"
    statement = ParsedStatement(kind="update", name=table, table=table, text=update)
    batches = code.batches(statement, context.key_of(table))
    # Where there is no code, the words name the statement: the next step drops what is not copied.
    return f"# {update}, a few rows at a time, each time in a transaction of its own" if batches[0] == "#" else batches


def _old_default(table: str, column: str, context: RuleContext) -> str:
    return str(context.column(table, column).get("default") or "")


def _new_default(table: str, column: str, others: Sequence[Action], context: RuleContext) -> str:
    """The default after a statement that may drop or set it."""
    default = _old_default(table, column, context)
    for action in others:
        if action.name == column and action.kind in ("drop default", "set default"):
            default = re.sub(r"(?is)^.*?\bSET\s+DEFAULT\s+", "", action.text) if action.kind == "set default" else ""
    return default


def _fills_itself(table: str, column: str, context: RuleContext) -> tuple[str, ...]:
    """What lets rows come that nobody gives the old column a value for, once it stands aside."""
    if not context.column(table, column).get("not null") or _catalog.primary_key(context.catalog, table) == (column,):
        return ()
    table_code, name = code.text(code.bare(table)), code.text(f"{column}_old")
    return (code.call("alter_column", table_code, name, "nullable=True", *code.schema_argument(table)),)


def _default(table: str, new: str, default: str) -> tuple[str, ...]:
    """The default, which is the new column's when no trigger fills it any more."""
    if not default or _SEQUENCE in default:
        return ()
    return (code.execute(f"ALTER TABLE {code.identifier(table)} ALTER {code.quoted(new)} SET DEFAULT {default}"),)


def _to_build_before(table: str, old: str, new: str, context: RuleContext) -> str:
    """What stands on a column, and has to stand on the one that takes its place."""
    needed = _catalog.standing_on(context.catalog, table, old)
    default = _old_default(table, old, context)
    needed += [f"DEFAULT {default}, and the sequence that {old} owns"] if _SEQUENCE in default else []
    return f", when {new} has what {old} has: {', '.join(needed)}" if needed else ""
