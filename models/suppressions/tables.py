"""Unsubscribes (R77, R78) and bounces (R79). Tables of the data plane.

Both go by the digest of the address, so that they outlive the contact, and count in their account alone.
"""

import enum

from sqlalchemy import ARRAY, CheckConstraint, DateTime, LargeBinary, Text, UniqueConstraint, Uuid

from models.accounts.tables import one_of
from models.base.columns import Column, created_at, moment
from models.base.planes import data_table, unique_in_account

EVIDENCE_LENGTH = 1000
"""The longest evidence of a re-subscription, in characters."""


class BounceKind(enum.Enum):
    """Whether a message can ever reach the address."""

    HARD = "HARD"
    SOFT = "SOFT"


unsubscribes = data_table(
    "unsubscribes",
    Column("digest", LargeBinary, nullable=False, comment="Of the address or number, keyed (T23)."),
    Column("contact_list_id", Uuid, comment="The list that it was about; null: about none, or the account."),
    moment("unsubscribed_at", nullable=False),
    moment("resubscribed_at"),
    Column("evidence", Text, comment="Of the consent by which the contact subscribed again."),
    created_at(),
    # One without a list is one of a kind too.
    UniqueConstraint(
        "master_id", "account_id", "digest", "contact_list_id", postgresql_nulls_not_distinct=True
    ),
    CheckConstraint("(resubscribed_at IS NULL) = (evidence IS NULL)", name="resubscribed"),
    CheckConstraint("resubscribed_at >= unsubscribed_at", name="order"),
    CheckConstraint(f"char_length(evidence) BETWEEN 1 AND {EVIDENCE_LENGTH}", name="evidence_length"),
    comment="The latest of an address, whether it stands or was lifted by the contact itself.",
)

bounces = data_table(
    "bounces",
    Column("digest", LargeBinary, nullable=False, comment="Of the address or number, keyed (T23)."),
    Column("soft_at", ARRAY(DateTime(timezone=True)), nullable=False, comment="The latest, oldest first."),
    moment("excluded_at"),
    Column("excluded_by", Text, comment="The kind that excluded it."),
    created_at(),
    unique_in_account("digest"),
    one_of("excluded_by", BounceKind),
    CheckConstraint("(excluded_at IS NULL) = (excluded_by IS NULL)", name="excluded"),
    comment="Of an address: its soft bounces, and since when it is excluded.",
)
