"""recovery codes know when they were made"""

import sqlalchemy as sa
from alembic import op

revision = "0095"
down_revision = "0094"


def upgrade() -> None:
    made = sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
    op.add_column("recovery_codes", made)


def downgrade() -> None:
    op.drop_column("recovery_codes", "created_at")
