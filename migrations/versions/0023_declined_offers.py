"""invitations and shares that were declined"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

ROLE = "mandant_application"

TABLES = {"invitations": "By who was invited.", "shares": "By who was to get it."}


def upgrade() -> None:
    for table, comment in TABLES.items():
        column: sa.Column[bool] = sa.Column(
            "declined", sa.Boolean(), nullable=False, server_default=sa.false(), comment=comment
        )
        op.add_column(table, column)
        op.execute(f"GRANT UPDATE (declined) ON {table} TO {ROLE}")
