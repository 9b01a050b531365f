"""The strict comparison on literal catalogs: one difference for each object, consequences left out."""

from __future__ import annotations

from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey, Value
from pytest_migcheck.core.diff import diff
from pytest_migcheck.core.drift import drift
from pytest_migcheck.core.finding import AttributeChange, Change, Severity

TABLE = ObjectKey("table", "public", "", "orders")
ENUM: dict[ObjectKey, Attributes] = {ObjectKey("type", "public", "", "status"): {"form": "enum", "labels": "new, paid"}}


def column(name: str, **attributes: Value) -> dict[ObjectKey, Attributes]:
    return {ObjectKey("column", "public", "orders", name): {"type": "text", "not null": False, **attributes}}


def index(name: str, on: str = "(email)", **attributes: Value) -> dict[ObjectKey, Attributes]:
    definition = f"CREATE INDEX {name} ON public.orders USING btree {on}"
    return {ObjectKey("index", "public", "orders", name): {"definition": definition, "unique": False, **attributes}}


def constraint(name: str, definition: str, **attributes: Value) -> dict[ObjectKey, Attributes]:
    return {ObjectKey("constraint", "public", "orders", name): {"definition": definition, "type": "c", **attributes}}


def catalog(*parts: dict[ObjectKey, Attributes]) -> Catalog:
    return Catalog({key: attributes for part in parts for key, attributes in part.items()})


def test_equal_catalogs_do_not_differ() -> None:
    assert diff(catalog(ENUM, column("a")), catalog(ENUM, column("a"))) == ()


def test_a_type_left_behind_is_added_and_described() -> None:
    (found,) = diff(catalog(), catalog(ENUM))
    assert (found.kind, found.object, found.change) == ("type", "public.status", Change.ADDED)
    assert found.definition == "ENUM (new, paid)"
    assert found.severity is Severity.ERROR


def test_only_attributes_that_differ_are_named_and_soft_ones_never() -> None:
    before = catalog(column("a", type="varchar(9)", _position=1))
    (found,) = diff(before, catalog(column("a", type="varchar(20)", _position=7)))
    assert found.attributes == (AttributeChange(name="type", expected="varchar(9)", found="varchar(20)"),)
    assert found.definition == "varchar(20)"
    assert diff(before, catalog(column("a", type="varchar(9)", _position=7))) == ()


def test_what_a_table_brings_along_is_not_listed() -> None:
    sequence: dict[ObjectKey, Attributes] = {
        ObjectKey("sequence", "public", "", "orders_id_seq"): {"owned by": "public.orders.id"}
    }
    comment: dict[ObjectKey, Attributes] = {
        ObjectKey("comment", "public", "orders", "id"): {"text": "key", "_of": "public.orders.id"}
    }
    table: dict[ObjectKey, Attributes] = {TABLE: {}}
    whole = catalog(table, column("id"), index("ix"), constraint("ck", "CHECK (true)"), sequence, comment)
    assert [d.object for d in diff(whole, catalog())] == ["public.orders"]
    assert [d.change for d in diff(catalog(), whole)] == [Change.ADDED]


def test_the_index_of_a_constraint_is_not_listed() -> None:
    key = (constraint("uq", "UNIQUE (email)"), index("uq", _constraint="uq"))
    assert [d.kind for d in diff(catalog(), catalog(*key))] == ["constraint"]


def test_an_index_under_another_name_is_renamed() -> None:
    (found,) = diff(catalog(index("old")), catalog(index("new")))
    assert (found.change, found.object) == (Change.RENAMED, "public.orders.new")
    assert found.attributes == (AttributeChange(name="name", expected="old", found="new"),)
    assert found.definition == "INDEX btree (email)"


def test_an_index_on_something_else_is_not_a_rename() -> None:
    assert {d.change for d in diff(catalog(index("old")), catalog(index("new", "(total)")))} == {
        Change.ADDED,
        Change.REMOVED,
    }


def test_a_column_inherited_from_a_changed_one_is_not_listed() -> None:
    child = {ObjectKey("column", "public", "orders_1", "a"): {"type": "text", "_from": "public.orders.a"}}
    assert [d.object for d in diff(catalog(), catalog(column("a"), child))] == ["public.orders.a"]


def test_differences_are_sorted_by_object() -> None:
    found = diff(catalog(), catalog(column("b"), ENUM, column("a")))
    assert [d.object for d in found] == ["public.orders.a", "public.orders.b", "public.status"]


def test_drift_without_folding_compares_texts_and_with_it_meanings() -> None:
    models, migrated = (catalog(constraint("ck", f"CHECK ({body})")) for body in ("NOT (a = 1)", "a <> 1"))
    assert [d.severity for d in drift(models, migrated)] == [Severity.ERROR]
    assert drift(models, migrated, folded=lambda pairs: [True for _ in pairs]) == ()
