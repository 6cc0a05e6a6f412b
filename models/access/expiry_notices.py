"""Notices that memberships, shares, keys and invitations end, each sent once (N9)."""

import enum

from sqlalchemy import Index, PrimaryKeyConstraint, Text, Uuid

from models.accounts.tables import one_of
from models.base.columns import Column, account_columns, account_reference, created_at, moment
from models.base.planes import control_table


class ExpiryStage(enum.Enum):
    """How near the end was when the notice was sent."""

    WEEK = "WEEK"
    DAY = "DAY"
    ENDED = "ENDED"


expiry_notices = control_table(
    "expiry_notices",
    *account_columns(),
    Column("grant_id", Uuid, nullable=False, comment="Of the membership, share, key or invitation."),
    moment("expires_at", nullable=False),
    Column("stage", Text, nullable=False),
    created_at(),
    PrimaryKeyConstraint("master_id", "account_id", "grant_id", "expires_at", "stage"),
    account_reference(),
    Index(None, "expires_at"),
    one_of("stage", ExpiryStage),
)
