"""Uploaded lists of recipients, which can be sent to for a day (N11).

Only digests of the recipients are stored, a thousand in a row: a list of a million is a thousand rows, and
these are written, read in order and deleted in a fraction of the time of a million rows.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Uuid,
)

from models.base.columns import Column, account_columns, account_reference, created_at, moment
from models.base.planes import control_table

recipient_lists = control_table(
    "recipient_lists",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("recipients", BigInteger, nullable=False, comment="How many, each once."),
    moment("expires_at", nullable=False),
    created_at(),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    CheckConstraint("recipients > 0", name="recipients"),
    Index("ix_recipient_lists_id", "id"),
    Index("ix_recipient_lists_expires_at", "expires_at"),
)

recipient_list_parts = control_table(
    "recipient_list_parts",
    Column("master_id", Uuid, nullable=False),
    Column("list_id", Uuid, nullable=False),
    Column("part", Integer, nullable=False, comment="From 0, in the order of the digests."),
    Column(
        "digests",
        ARRAY(LargeBinary),
        nullable=False,
        comment="Of the addresses, keyed; in their order.",
    ),
    PrimaryKeyConstraint("master_id", "list_id", "part"),
    ForeignKeyConstraint(["master_id", "list_id"], ["recipient_lists.master_id", "recipient_lists.id"]),
)
