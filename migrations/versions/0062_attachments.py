"""attachments of messages"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"

ROLE = "mandant_data"

GRANTS = {
    "attachments": "SELECT, INSERT, DELETE, UPDATE (expires_at, needed_until)",
    "message_attachments": "SELECT, INSERT, DELETE",
}


def _place() -> list[sa.Column[Any]]:
    names = ("master_id", "account_id", "id")
    return [sa.Column(name, sa.Uuid(), nullable=False) for name in names]


def _file() -> list[sa.Column[Any]]:
    return [
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False, comment="What the content is, such as application/pdf."),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="In bytes."),
    ]


def upgrade() -> None:
    op.create_table(
        "attachments",
        *_place(),
        *_file(),
        sa.Column(
            "digest", sa.LargeBinary(), nullable=False, comment="Of the name, the type and the content."
        ),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("needed_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 150", name=op.f("ck_attachments_name_length")),
        sa.CheckConstraint("char_length(type) BETWEEN 1 AND 100", name=op.f("ck_attachments_type_length")),
        sa.CheckConstraint("size BETWEEN 1 AND 10000000", name=op.f("ck_attachments_size")),
        sa.CheckConstraint("size = octet_length(content)", name=op.f("ck_attachments_content_size")),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_attachments")),
        sa.UniqueConstraint(
            "master_id", "account_id", "digest", name=op.f("uq_attachments_master_id_account_id_digest")
        ),
        comment="Uploaded files, each once an account. Messages can name one until it expires. It is needed "
        "until the last of these was tried for the last time.",
    )
    op.create_index("ix_attachments_needed_until", "attachments", ["needed_until"])
    op.create_table(
        "message_attachments",
        *_place(),
        sa.Column(
            "position", sa.BigInteger(), nullable=False, comment="From 0, in the order in the message."
        ),
        sa.Column(
            "attachment_id",
            sa.Uuid(),
            nullable=False,
            comment="Its file, which is deleted before the message.",
        ),
        *_file(),
        sa.Column("content_id", sa.Text(), comment="By which the HTML shows it."),
        sa.CheckConstraint(
            "char_length(content_id) BETWEEN 1 AND 100", name=op.f("ck_message_attachments_content_id_length")
        ),
        sa.PrimaryKeyConstraint(
            "master_id", "account_id", "id", "attachment_id", name=op.f("pk_message_attachments")
        ),
        postgresql_partition_by="RANGE (id)",
        comment="The files of messages, by the ids of these.",
    )
    op.create_index(
        "ix_message_attachments_attachment_id",
        "message_attachments",
        ["master_id", "account_id", "attachment_id"],
    )
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
        op.execute(
            f"CREATE STATISTICS st_{table}_account (dependencies) ON master_id, account_id FROM {table}"
        )
