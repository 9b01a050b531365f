"""The model and PostgreSQL's own grammar agree about the sub-commands of ALTER TABLE."""

from __future__ import annotations

from typing import Any

import postgast
from hypothesis import given
from hypothesis import strategies as st

from pytest_migcheck.sql.statements import Action, parse

_NAMES = st.sampled_from(
    [
        "a",
        "Mixed",
        '"Quoted"',
        '"or ders"',
        '"not null"',
        "validate",
        "partition",
        "key",
        "type",
        "valid",
        '"x""y"',
        "é",
    ]
)
_TABLES = st.builds(lambda *parts: ".".join(filter(None, parts)), st.sampled_from(["", "app", '"Ap"']), _NAMES)
_TYPES = st.sampled_from(["int", "numeric(10, 2)", "varchar(3)[]", "timestamp with time zone", "double precision"])
_TEMPLATES = st.sampled_from(
    [
        "ADD COLUMN {n} {t}", "ADD {n} {t} NOT NULL", "ADD COLUMN IF NOT EXISTS {n} {t} DEFAULT f(1, ',')",
        "ADD COLUMN {n} {t} CHECK (x IS NOT NULL)", "ADD COLUMN {n} int GENERATED ALWAYS AS IDENTITY",
        "ADD COLUMN {n} {t} GENERATED ALWAYS AS (b * 2) STORED", "ADD COLUMN {n} {t} UNIQUE REFERENCES {m} (id)",
        "ADD COLUMN {n} int PRIMARY KEY", "ALTER COLUMN {n} TYPE {t} USING x::{t}",
        "ALTER COLUMN {n} SET DATA TYPE {t}", "ALTER {n} SET NOT NULL", "ALTER COLUMN {n} DROP NOT NULL",
        "ALTER COLUMN {n} SET DEFAULT g(1)", "ALTER COLUMN {n} DROP DEFAULT", "ALTER {n} SET STATISTICS 100",
        "ADD CONSTRAINT {n} CHECK (a > 0 AND b IN (1, 2))", "ADD CONSTRAINT {n} CHECK (a > 0) NOT VALID",
        "ADD CONSTRAINT {n} FOREIGN KEY (a, {m}) REFERENCES {m} (id, b) ON DELETE CASCADE",
        "ADD CONSTRAINT {n} FOREIGN KEY (a) REFERENCES {m} NOT VALID", "ADD FOREIGN KEY (a) REFERENCES {m}",
        "ADD CONSTRAINT {n} UNIQUE (a, b)", "ADD CONSTRAINT {n} UNIQUE USING INDEX {m}", "ADD PRIMARY KEY (a)",
        "ADD CONSTRAINT {n} PRIMARY KEY USING INDEX {m}", "ADD EXCLUDE USING gist (r WITH &&)",
        "ADD CONSTRAINT {n} NOT NULL a NOT VALID", "VALIDATE CONSTRAINT {n}", "DROP COLUMN IF EXISTS {n} CASCADE",
        "DROP {n}", "DROP CONSTRAINT {n}", "ALTER CONSTRAINT {n} DEFERRABLE",
    ]
)  # fmt: skip
_SPACES = st.sampled_from([" ", "\n    ", " /* , ; ( */ ", " -- ADD CONSTRAINT\n"])
_CONSTRAINTS = {
    "CONSTR_CHECK": "add check", "CONSTR_FOREIGN": "add foreign key", "CONSTR_UNIQUE": "add unique",
    "CONSTR_PRIMARY": "add primary key", "CONSTR_EXCLUSION": "add exclusion", "CONSTR_NOTNULL": "add not null",
}  # fmt: skip
_KINDS = {
    "AT_AddColumn": "add column", "AT_AlterColumnType": "alter type", "AT_SetNotNull": "set not null",
    "AT_DropNotNull": "drop not null", "AT_SetStatistics": "set statistics", "AT_DropColumn": "drop column",
    "AT_ValidateConstraint": "validate constraint", "AT_DropConstraint": "drop constraint",
    "AT_AlterConstraint": "alter constraint",
}  # fmt: skip


def _sub_command(template: str, n: str, m: str, t: str, space: str) -> str:
    return template.format(n=n, m=m, t=t).replace(" ", space, 2)


_SUB_COMMANDS = st.builds(_sub_command, _TEMPLATES, _NAMES, _NAMES, _TYPES, _SPACES)


def _expected(command: Any) -> dict[str, Any]:
    """What the grammar says of a sub-command, in the words of the model."""
    subtype = command.DESCRIPTOR.fields_by_name["subtype"].enum_type.values_by_number[command.subtype].name
    if subtype == "AT_ColumnDefault":
        kind = "set default" if command.HasField("def") else "drop default"
        return {"kind": kind, "name": command.name}
    if subtype == "AT_AddColumn":
        column = getattr(command, "def").column_def
        kinds = {_contype(c.constraint) for c in column.constraints}
        return {
            "kind": "add column",
            "name": column.colname,
            "not null": "CONSTR_NOTNULL" in kinds,
            "default": "CONSTR_DEFAULT" in kinds,
            "generated": bool(kinds & {"CONSTR_IDENTITY", "CONSTR_GENERATED"}),
        }
    if subtype == "AT_AddConstraint":
        constraint = getattr(command, "def").constraint
        return {
            "kind": _CONSTRAINTS[_contype(constraint)],
            "name": constraint.conname,
            "not valid": constraint.skip_validation,
            "using index": bool(constraint.indexname),
            "target": ".".join(filter(None, (constraint.pktable.schemaname, constraint.pktable.relname))),
        }
    if subtype == "AT_AlterConstraint":
        return {"kind": _KINDS[subtype], "name": getattr(command, "def").atalter_constraint.conname}
    return {"kind": _KINDS[subtype], "name": command.name}


def _contype(constraint: Any) -> str:
    field = constraint.DESCRIPTOR.fields_by_name["contype"]
    return str(field.enum_type.values_by_number[constraint.contype].name)


def _found(action: Action) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": action.kind, "name": action.name}
    if action.kind == "add column":
        found["not null"] = "NOT NULL" in action.flags
        found["default"] = "DEFAULT" in action.flags
        found["generated"] = "GENERATED" in action.flags
    elif action.kind in _CONSTRAINTS.values():
        found["not valid"] = "NOT VALID" in action.flags
        found["using index"] = "USING INDEX" in action.flags
        found["target"] = action.target
    return found


@given(_TABLES, st.lists(_SUB_COMMANDS, min_size=1, max_size=4))
def test_alter_table(table: str, sub_commands: list[str]) -> None:
    sql = f"ALTER TABLE ONLY {table} {', '.join(sub_commands)}"
    (wrapped,) = postgast.parse(sql).stmts
    statement = wrapped.stmt.alter_table_stmt
    parsed = parse(sql)
    names = (statement.relation.schemaname, statement.relation.relname)
    assert parsed.table == ".".join(filter(None, names))
    assert [_found(a) for a in parsed.actions] == [_expected(c.alter_table_cmd) for c in statement.cmds]
