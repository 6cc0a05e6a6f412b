"""nobody who was deleted signs in with a passkey from before"""

import sqlalchemy as sa
from alembic import op

revision = "0111"
down_revision = "0108"

TABLES = ("sessions", "passkeys", "totp_secrets", "recovery_codes", "factor_resets", "factor_challenges")
USERS = sa.table("users", sa.column("id"), sa.column("deleted_at"))


def upgrade() -> None:
    gone = sa.select(USERS.c.id).where(USERS.c.deleted_at.is_not(None))
    for name in TABLES:
        table = sa.table(name, sa.column("user_id"))
        op.execute(sa.delete(table).where(table.c.user_id.in_(gone)))


def downgrade() -> None:
    """What nobody may use does not come back."""
