"""a currency can be corrected while nothing was booked, and staff find accounts"""

from alembic import op
from sqlalchemy import Text, text

revision = "0082"
down_revision = "0080"

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
    op.execute(DOOR)
    op.execute("DROP FUNCTION IF EXISTS mandant_staff_account(bytea, uuid)")
    by_name = {"search_key": "text_pattern_ops"}
    op.create_index("ix_accounts_search_key", "accounts", ["search_key", "id"], postgresql_ops=by_name)
    op.create_index(
        "ix_accounts_external_id_search_key",
        "accounts",
        ["external_id", "search_key", "id"],
        postgresql_where=text("external_id IS NOT NULL"),
        postgresql_ops=by_name,
    )
