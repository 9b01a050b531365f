"""Create places

Revision ID: b2
Revises: a1
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "b2"
down_revision = "a1"


def upgrade() -> None:
    op.create_geospatial_table(
        "places",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "position",
            Geometry(geometry_type="POINT", srid=4326, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry", nullable=False),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_geospatial_index(
        "idx_places_position", "places", ["position"], unique=False, postgresql_using="gist", postgresql_ops={}
    )


def downgrade() -> None:
    op.drop_geospatial_index(
        "idx_places_position", table_name="places", postgresql_using="gist", column_name="position"
    )
    op.drop_geospatial_table("places")
