"""webhooks whose deliveries failed for good are told of"""

import sqlalchemy as sa
from alembic import op

revision = "0112"
down_revision = "0111"


def upgrade() -> None:
    op.add_column("webhooks", sa.Column("failure_told_at", sa.DateTime(timezone=True)))
