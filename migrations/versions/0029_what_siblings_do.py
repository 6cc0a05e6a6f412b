"""what each account's own sends make active, beside what is active in the pool; offers of ownership"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

ROLE = "mandant_application"


def upgrade() -> None:
    op.add_column(
        "send_cycles",
        sa.Column(
            "repeated",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="How many more contacts its accounts count, each by itself, than are active.",
        ),
    )
    op.drop_constraint(op.f("ck_send_cycles_counts"), "send_cycles")
    op.create_check_constraint(
        op.f("ck_send_cycles_counts"),
        "send_cycles",
        "contacts >= 0 AND repeated >= 0 AND sends BETWEEN 0 AND 2147483647",
    )
    op.execute(f"GRANT UPDATE (repeated) ON send_cycles TO {ROLE}")
    op.add_column(
        "send_reservations",
        sa.Column(
            "own_contacts",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="That the account had not sent to before in the cycle.",
        ),
    )
    op.execute("UPDATE send_reservations SET own_contacts = new_contacts")
    op.create_table_comment(
        "contact_claims",
        "Contacts that an open reservation sends to and another open one holds; of accounts that share a "
        "subscription also what is another's.",
        existing_comment="Contacts that an open reservation sends to and another open one holds.",
    )
    op.create_table(
        "ownership_offers",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("to_membership_id", sa.Uuid(), nullable=False),
        sa.Column(
            "from_membership_id",
            sa.Uuid(),
            comment="Of the owner who becomes an administrator; NULL: there is none.",
        ),
        sa.Column("giver_user_id", sa.Uuid()),
        sa.Column("giver_api_key_id", sa.Uuid()),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(giver_user_id IS NULL) <> (giver_api_key_id IS NULL)", name=op.f("ck_ownership_offers_giver")
        ),
        sa.ForeignKeyConstraint(
            ["giver_user_id"], ["users.id"], name=op.f("fk_ownership_offers_giver_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_ownership_offers_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", name=op.f("pk_ownership_offers")),
    )
    op.execute(f"GRANT SELECT, INSERT, DELETE ON ownership_offers TO {ROLE}")
    changed = "to_membership_id, from_membership_id, giver_user_id, giver_api_key_id, offered_at, expires_at"
    op.execute(f"GRANT UPDATE ({changed}) ON ownership_offers TO {ROLE}")
