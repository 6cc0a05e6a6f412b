"""versions of members"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

ROLE = "mandant_application"


def upgrade() -> None:
    op.add_column(
        "memberships", sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False)
    )
    op.execute(f"GRANT UPDATE (version) ON memberships TO {ROLE}")
