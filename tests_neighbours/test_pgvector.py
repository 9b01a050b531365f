"""pgvector: vectors and their indexes."""

from __future__ import annotations

import pytest
from neighbour import Neighbour, fix

LIBRARY, PROJECT = "pgvector", "pgvector"
ROWS = """
def test_rows(migcheck_db_factory):
    with migcheck_db_factory(rows=4) as db, db.connect() as connection:
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == (4,)
"""


def test_what_agrees_is_green(neighbour: Neighbour) -> None:
    report = neighbour.run()
    assert report.outcomes == {"passed"}, report.printed
    assert report.findings("drift") == []
    assert "no rows in" not in report.printed


def test_what_is_not_migrated_is_missed_and_the_fix_makes_it(neighbour: Neighbour) -> None:
    neighbour.edit("models.py", "    title: ", "    summary: Mapped[Any | None] = mapped_column(VECTOR(5))\n    title: ")
    neighbour.edit("models.py", '"m": 16', '"m": 8')
    neighbour.edit("models.py", "halfvec_cosine_ops", "halfvec_l2_ops")
    errors = neighbour.run("drift").errors
    index = "public.documents.ix_documents"
    assert set(errors) == {"public.documents.summary", f"{index}_embedding", f"{index}_title_embedding"}
    neighbour.revision("\n".join(fix(f) for f in errors.values()))
    assert neighbour.run("drift").findings("drift") == []


def test_an_index_that_the_downgrade_forgets_is_named_and_the_fix_drops_it(neighbour: Neighbour) -> None:
    neighbour.without_downgrade("d4*.py")
    errors = neighbour.run("stairway").errors
    name = "public.documents.ix_documents_title_embedding"
    assert name in errors
    neighbour.without_downgrade("d4*.py", fix(errors[name]))
    assert neighbour.run("stairway").outcomes == {"passed"}


def test_another_number_of_dimensions_fails_on_rows(neighbour: Neighbour) -> None:
    neighbour.revision(
        'op.drop_index("ix_documents_embedding", "documents")\n'
        'op.execute("ALTER TABLE documents ALTER embedding TYPE vector(5)")'
    )
    assert ("upgrade-fails-on-rows", "e5") in neighbour.run("data").findings("data")


def test_an_index_that_blocks_is_told_with_all_that_it_is_made_of(neighbour: Neighbour) -> None:
    neighbour.edit("migrations/versions/d4*.py", "    postgresql_concurrently=True,\n            postgresql_using", "    postgresql_using")
    locks = [f for f in neighbour.run("locks").json["findings"] if f["rule"] == "create-index-not-concurrent"]
    assert len(locks) == 1
    assert "CREATE INDEX CONCURRENTLY" in fix(locks[0])
    assert "USING ivfflat (title_embedding halfvec_cosine_ops) WITH (lists = 10)" in fix(locks[0])


@pytest.mark.parametrize("type_", ["vector(3)", "vector(1536)", "halfvec(768)", "sparsevec(9)", "bit(5)", "vector"])
def test_rows_with_vectors_are_made(neighbour: Neighbour, type_: str) -> None:
    neighbour.revision(f'op.execute("ALTER TABLE documents ADD required {type_} NOT NULL")')
    (neighbour.path / "test_rows.py").write_text(ROWS, encoding="utf-8")
    # The check of the heads is the other.
    assert "2 passed" in neighbour.run("heads", "test_rows.py").printed


def test_a_server_without_the_extension_is_explained(neighbour: Neighbour) -> None:
    from pytest_migcheck.core.outcome import MigcheckError
    from pytest_migcheck.postgres.ladder import start_server

    try:
        server = start_server("local")
    except MigcheckError as error:
        pytest.skip(f"there is no PostgreSQL on this machine: {error}")
    lacks_it = "vector" not in server.available_extensions()
    server.stop()
    if not lacks_it:
        pytest.skip("the PostgreSQL of this machine has pgvector")
    neighbour.postgres = "local"
    printed = neighbour.run("stairway").printed
    assert "the server that migcheck took lacks this extension; take one that has it: " in printed
