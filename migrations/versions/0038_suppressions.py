"""block lists, unsubscribes and bounces"""

import datetime
import uuid

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"

ROLE = "mandant_data"

# An entry never becomes one of another address. What was entered stays, except for what names the person.
GRANTS = {
    "block_entries": "SELECT, INSERT, DELETE, UPDATE (sealed_address, sealed_hash)",
    "unsubscribes": "SELECT, INSERT, DELETE, UPDATE (unsubscribed_at, resubscribed_at, evidence)",
    "bounces": "SELECT, INSERT, DELETE, UPDATE (soft_at, excluded_at, excluded_by)",
}


def upgrade() -> None:
    _create_block_entries()
    _create_unsubscribes()
    _create_bounces()
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
        # An account is of one tree, as in 0033.
        op.execute(
            f"CREATE STATISTICS st_{table}_account (dependencies) ON master_id, account_id FROM {table}"
        )


def _key() -> list[sa.Column[uuid.UUID]]:
    return [sa.Column(name, sa.Uuid(), nullable=False) for name in ("master_id", "account_id", "id")]


def _digest() -> sa.Column[bytes]:
    comment = "Of the address or number, keyed (T23)."
    return sa.Column("digest", sa.LargeBinary(), nullable=False, comment=comment)


def _created_at() -> sa.Column[datetime.datetime]:
    moment = sa.DateTime(timezone=True)
    return sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False)


def _create_block_entries() -> None:
    op.create_table(
        "block_entries",
        *_key(),
        _digest(),
        sa.Column("sealed_address", sa.LargeBinary(), comment="As it was given, encrypted."),
        sa.Column(
            "sealed_hash", sa.LargeBinary(), comment="The SHA-256, encrypted, where no address was given."
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("user_id", sa.Uuid(), comment="The person who entered it."),
        sa.Column("api_key_id", sa.Uuid(), comment="The API key that entered it."),
        _created_at(),
        sa.CheckConstraint(
            "reason IN ('MANUAL', 'COMPLAINT', 'BOUNCE', 'IMPORT')", name=op.f("ck_block_entries_reason")
        ),
        sa.CheckConstraint(
            "num_nonnulls(sealed_address, sealed_hash) <= 1", name=op.f("ck_block_entries_sealed")
        ),
        sa.CheckConstraint("num_nonnulls(user_id, api_key_id) = 1", name=op.f("ck_block_entries_entered_by")),
        sa.CheckConstraint(
            "char_length(source) BETWEEN 1 AND 200", name=op.f("ck_block_entries_source_length")
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_block_entries")),
        sa.UniqueConstraint(
            "master_id", "account_id", "digest", name=op.f("uq_block_entries_master_id_account_id_digest")
        ),
    )
    op.create_index("ix_block_entries_digest", "block_entries", ["master_id", "digest", "account_id"])


def _create_unsubscribes() -> None:
    op.create_table(
        "unsubscribes",
        *_key(),
        _digest(),
        sa.Column(
            "contact_list_id",
            sa.Uuid(),
            comment="The list that it was about; null: about none, or the account.",
        ),
        sa.Column("unsubscribed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resubscribed_at", sa.DateTime(timezone=True)),
        sa.Column("evidence", sa.Text(), comment="Of the consent by which the contact subscribed again."),
        _created_at(),
        sa.CheckConstraint(
            "(resubscribed_at IS NULL) = (evidence IS NULL)", name=op.f("ck_unsubscribes_resubscribed")
        ),
        sa.CheckConstraint("resubscribed_at >= unsubscribed_at", name=op.f("ck_unsubscribes_order")),
        sa.CheckConstraint(
            "char_length(evidence) BETWEEN 1 AND 1000", name=op.f("ck_unsubscribes_evidence_length")
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_unsubscribes")),
        sa.UniqueConstraint(
            "master_id",
            "account_id",
            "digest",
            "contact_list_id",
            name=op.f("uq_unsubscribes_master_id_account_id_digest_contact_list_id"),
            postgresql_nulls_not_distinct=True,
        ),
        comment="The latest of an address, whether it stands or was lifted by the contact itself.",
    )


def _create_bounces() -> None:
    op.create_table(
        "bounces",
        *_key(),
        _digest(),
        sa.Column(
            "soft_at",
            sa.ARRAY(sa.DateTime(timezone=True)),
            nullable=False,
            comment="The latest, oldest first.",
        ),
        sa.Column("excluded_at", sa.DateTime(timezone=True)),
        sa.Column("excluded_by", sa.Text(), comment="The kind that excluded it."),
        _created_at(),
        sa.CheckConstraint("excluded_by IN ('HARD', 'SOFT')", name=op.f("ck_bounces_excluded_by")),
        sa.CheckConstraint("(excluded_at IS NULL) = (excluded_by IS NULL)", name=op.f("ck_bounces_excluded")),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_bounces")),
        sa.UniqueConstraint(
            "master_id", "account_id", "digest", name=op.f("uq_bounces_master_id_account_id_digest")
        ),
        comment="Of an address: its soft bounces, and since when it is excluded.",
    )
