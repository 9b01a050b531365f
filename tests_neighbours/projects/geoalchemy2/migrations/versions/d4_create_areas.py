"""Create areas

Revision ID: d4
Revises: c3
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "d4"
down_revision = "c3"


def upgrade() -> None:
    op.create_geospatial_table(
        "areas",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "outline",
            Geometry(geometry_type="MULTIPOLYGON", srid=3857, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_geospatial_index(
        "idx_areas_outline", "areas", ["outline"], unique=False, postgresql_using="gist", postgresql_ops={}
    )


def downgrade() -> None:
    op.drop_geospatial_index("idx_areas_outline", table_name="areas", postgresql_using="gist", column_name="outline")
    op.drop_geospatial_table("areas")
