"""a currency can be corrected while nothing was booked"""

from alembic import op
from sqlalchemy import Text

revision = "0082"
down_revision = "0079"

# It returns more. `mandant migrate` writes it again.
DOOR = "DROP FUNCTION IF EXISTS mandant_door(bytea, text, text, bytea, boolean, text, bigint, timestamptz, uuid[])"


def upgrade() -> None:
    op.alter_column(
        "accounts",
        "currency",
        existing_type=Text(),
        existing_nullable=False,
        existing_server_default="EUR",
        comment="The master account's holds for its whole tree, and stays once there are amounts.",
        existing_comment="The master account's holds for its whole tree, and is never changed.",
    )
    op.execute("GRANT UPDATE (currency) ON accounts TO mandant_application")
    op.execute(DOOR)
