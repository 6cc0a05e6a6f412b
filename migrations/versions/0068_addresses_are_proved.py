"""addresses are proved: any number of people may type one, one has it verified, and links carry addresses"""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"


# Its columns are others; `mandant migrate` writes it anew.
DROP_DOOR = (
    "DROP FUNCTION IF EXISTS "
    "mandant_door(bytea, text, text, bytea, boolean, text, bigint, timestamptz, uuid[])"
)


def upgrade() -> None:
    op.execute(DROP_DOOR)
    op.drop_constraint(op.f("uq_users_email_canonical"), "users")
    op.create_index(
        "uq_users_verified_email",
        "users",
        ["email_canonical"],
        unique=True,
        postgresql_where=sa.text("email_verified_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_users_email_canonical_id"), "users", ["email_canonical", "id"])
    op.add_column(
        "mailbox_links",
        sa.Column(
            "email",
            sa.Text(),
            nullable=True,
            comment="The address that the person has once the link is used; NULL: the one that it has.",
        ),
    )
    op.add_column("mailbox_links", sa.Column("email_canonical", sa.Text(), nullable=True))
    op.add_column(
        "mailbox_links",
        sa.Column(
            "code_digest",
            sa.LargeBinary(),
            nullable=True,
            comment="SHA-256 of the link's digest and the code that does the same in a session of the person.",
        ),
    )
    op.create_check_constraint(
        op.f("ck_mailbox_links_address"), "mailbox_links", "(email IS NULL) = (email_canonical IS NULL)"
    )
