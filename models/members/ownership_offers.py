"""Offers of ownership to a member: at most one for an account (R46, R49)."""

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, PrimaryKeyConstraint, Uuid, text

from models.base.columns import Column, account_columns, account_reference, moment
from models.base.planes import control_table

ownership_offers = control_table(
    "ownership_offers",
    *account_columns(),
    # No foreign keys: a membership may end, and its offer then no longer holds.
    Column("to_membership_id", Uuid, nullable=False),
    Column(
        "from_membership_id", Uuid, comment="Of the owner who becomes an administrator; NULL: there is none."
    ),
    Column("giver_user_id", Uuid, ForeignKey("users.id")),
    Column("giver_api_key_id", Uuid),
    Column(
        "promise_ids",
        ARRAY(Uuid),
        nullable=False,
        server_default=text("'{}'::uuid[]"),
        comment="The promises that it breaks, for a reason that an owner gave.",
    ),
    moment("offered_at", nullable=False),
    moment("expires_at", nullable=False),
    PrimaryKeyConstraint("master_id", "account_id"),
    account_reference(),
    CheckConstraint("(giver_user_id IS NULL) <> (giver_api_key_id IS NULL)", name="giver"),
)
