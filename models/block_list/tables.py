"""Block lists (R67, R68, R75, R76). A table of the data plane.

An entry counts in its account and in every account below it. It goes by the digest of the address, so that it
outlives the contact.
"""

import enum

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text, Uuid

from models.accounts.tables import one_of
from models.base.columns import Column, created_at, short_text, short_text_check
from models.base.planes import data_table, unique_in_account


class BlockReason(enum.Enum):
    """Why an address is on a block list."""

    MANUAL = "MANUAL"
    COMPLAINT = "COMPLAINT"
    BOUNCE = "BOUNCE"
    IMPORT = "IMPORT"


block_entries = data_table(
    "block_entries",
    Column("digest", LargeBinary, nullable=False, comment="Of the address or number, keyed (T23)."),
    Column("sealed_address", LargeBinary, comment="As it was given, encrypted."),
    Column("sealed_hash", LargeBinary, comment="The SHA-256, encrypted, where no address was given."),
    Column("reason", Text, nullable=False),
    short_text("source", nullable=True),
    # Of the control plane, so without foreign keys.
    Column("user_id", Uuid, comment="The person who entered it."),
    Column("api_key_id", Uuid, comment="The API key that entered it."),
    created_at(),
    unique_in_account("digest"),
    one_of("reason", BlockReason),
    CheckConstraint("num_nonnulls(sealed_address, sealed_hash) <= 1", name="sealed"),
    # A complaint that comes back by mail was entered by nobody.
    CheckConstraint(
        "num_nonnulls(user_id, api_key_id) = 1 OR "
        f"num_nonnulls(user_id, api_key_id) = 0 AND reason = '{BlockReason.COMPLAINT.value}'",
        name="entered_by",
    ),
    short_text_check("source"),
    # Whether an address is blocked is asked for a whole path of accounts at once.
    Index("ix_block_entries_digest", "master_id", "digest", "account_id"),
)
