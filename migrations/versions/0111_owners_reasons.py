"""offers of ownership name the promises that they break; nobody who was deleted signs in with a passkey"""

import sqlalchemy as sa
from alembic import op

revision = "0111"
down_revision = "0109"

OF_PEOPLE = (
    "sessions",
    "passkeys",
    "totp_secrets",
    "recovery_codes",
    "factor_resets",
    "factor_challenges",
)
USERS = sa.table("users", sa.column("id"), sa.column("deleted_at"))


def upgrade() -> None:
    # Offers that wait name none: where one breaks a promise, an owner offers it again.
    op.add_column(
        "ownership_offers",
        sa.Column(
            "promise_ids",
            sa.ARRAY(sa.Uuid()),
            server_default=sa.text("'{}'::uuid[]"),
            nullable=False,
            comment="The promises that it breaks, for a reason that an owner gave.",
        ),
    )
    op.execute("GRANT UPDATE (promise_ids) ON ownership_offers TO mandant_application")
    gone = sa.select(USERS.c.id).where(USERS.c.deleted_at.is_not(None))
    for name in OF_PEOPLE:
        table = sa.table(name, sa.column("user_id"))
        op.execute(sa.delete(table).where(table.c.user_id.in_(gone)))


def downgrade() -> None:
    """Factors that nobody may use do not come back."""
    op.drop_column("ownership_offers", "promise_ids")
