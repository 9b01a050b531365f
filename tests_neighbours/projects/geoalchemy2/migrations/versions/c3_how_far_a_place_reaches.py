"""How far a place reaches

Revision ID: c3
Revises: b2
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geography

revision = "c3"
down_revision = "b2"


def upgrade() -> None:
    op.add_geospatial_column(
        "places",
        sa.Column(
            "reach",
            Geography(geometry_type="POLYGON", srid=4326, dimension=2, spatial_index=False, from_text="ST_GeogFromText", name="geography"),
            nullable=True,
        ),
    )


def downgrade() -> None:
    op.drop_geospatial_column("places", "reach")
