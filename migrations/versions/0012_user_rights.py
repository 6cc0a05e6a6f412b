"""what platform staff set of one person's rights in the accounts below"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

ROLE = "mandant_application"

_KINDS = "'SUBACCOUNTS', 'UNSUBSCRIBE_SCOPE', 'SENDING_DOMAINS', 'FIELD_FUNCTIONS', 'REVIEW_APPROVED'"


def upgrade() -> None:
    op.add_column(
        "memberships",
        sa.Column(
            "below_limit", sa.BigInteger(), comment="A mask: what it gives below the account at most (R73)."
        ),
    )
    op.add_column("memberships", sa.Column("below_limit_until", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        op.f("ck_memberships_below_limit"),
        "memberships",
        "(below_limit IS NULL) = (below_limit_until IS NULL)",
    )
    op.execute(f"GRANT UPDATE (below_limit, below_limit_until) ON memberships TO {ROLE}")
    op.add_column("overrides", sa.Column("user_id", sa.Uuid(), comment="Of USER_RIGHTS: whose rights (R73)."))
    op.add_column(
        "overrides",
        sa.Column(
            "rights_mask",
            sa.BigInteger(),
            comment="Of USER_RIGHTS: what the person's role gives below at most.",
        ),
    )
    op.create_foreign_key(op.f("fk_overrides_user_id"), "overrides", "users", ["user_id"], ["id"])
    op.drop_constraint(op.f("ck_overrides_kind"), "overrides")
    op.create_check_constraint(op.f("ck_overrides_kind"), "overrides", f"kind IN ({_KINDS}, 'USER_RIGHTS')")
    for column in ("user_id", "rights_mask"):
        op.create_check_constraint(
            op.f(f"ck_overrides_{column}_of_its_kind"),
            "overrides",
            f"({column} IS NOT NULL) = (kind = 'USER_RIGHTS')",
        )
