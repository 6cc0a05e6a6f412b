"""links to a person's own address, and the devices that it signed in from"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

ROLE = "mandant_application"


def upgrade() -> None:
    op.create_table(
        "mailbox_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token in the link"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('EMAIL_VERIFICATION', 'PASSWORD_RESET')", name=op.f("ck_mailbox_links_kind")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mailbox_links_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox_links")),
        sa.UniqueConstraint("digest", name=op.f("uq_mailbox_links_digest")),
        comment="A link that was used is deleted.",
    )
    op.create_index(op.f("ix_mailbox_links_user_id"), "mailbox_links", ["user_id"])
    op.create_table(
        "devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the secret"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_devices_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("digest", name=op.f("uq_devices_digest")),
    )
    op.create_index(op.f("ix_devices_user_id"), "devices", ["user_id"])
    op.create_index(op.f("ix_attempts_window_start"), "attempts", ["window_start"])
    op.execute(f"GRANT SELECT, INSERT, DELETE ON mailbox_links TO {ROLE}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON devices TO {ROLE}")
