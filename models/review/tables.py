"""Reviews of accounts' contacts by platform staff, and the samples that staff look at (R85, R86)."""

import enum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    Uuid,
    text,
)

from models.accounts.tables import one_of
from models.base.columns import (
    SHORT_TEXT_LENGTH,
    Column,
    account_columns,
    account_reference,
    created_at,
    moment,
    short_text,
    short_text_check,
)
from models.base.planes import control_table


class ReviewStatus(enum.Enum):
    """The status of a review."""

    OPEN = "OPEN"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    REVOKED = "REVOKED"
    WITHDRAWN = "WITHDRAWN"


STANDING = "status IN ('OPEN', 'APPROVED')"
"""In SQL: of such reviews an account has at most one."""

reviews = control_table(
    "reviews",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("status", Text, nullable=False, server_default=ReviewStatus.OPEN.value),
    Column("contacts", BigInteger, nullable=False, comment="How many there were to draw the sample from."),
    Column("checked_by", Uuid, ForeignKey("users.id"), comment="The first pair of eyes."),
    Column("approved_by", Uuid, ForeignKey("users.id"), comment="The second pair of eyes."),
    Column("ended_by", Uuid, ForeignKey("users.id"), comment="Who declined it, or revoked the approval."),
    Column("reason", Text, comment="Why it was declined, or the approval revoked."),
    created_at(),
    moment("decided_at"),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    one_of("status", ReviewStatus),
    CheckConstraint("contacts > 0", name="contacts"),
    CheckConstraint("(status = 'OPEN') = (decided_at IS NULL)", name="decided"),
    CheckConstraint("(status IN ('APPROVED', 'REVOKED')) = (approved_by IS NOT NULL)", name="approved"),
    CheckConstraint("(status IN ('DECLINED', 'REVOKED')) = (ended_by IS NOT NULL)", name="ended"),
    CheckConstraint("(ended_by IS NULL) = (reason IS NULL)", name="reason"),
    CheckConstraint("approved_by IS NULL OR checked_by IS NOT NULL", name="four_eyes"),
    CheckConstraint("approved_by <> checked_by", name="nobody_approves_his_own"),
    CheckConstraint(f"char_length(reason) BETWEEN 1 AND {SHORT_TEXT_LENGTH}", name="reason_length"),
    Index("ix_reviews_id", "id"),
    Index("ix_reviews_account_id_id", "account_id", "id"),
    Index("ix_reviews_open", "id", postgresql_where=text("status = 'OPEN'")),
    Index("uq_reviews_standing", "master_id", "account_id", unique=True, postgresql_where=text(STANDING)),
)

review_samples = control_table(
    "review_samples",
    Column("master_id", Uuid, nullable=False),
    Column("review_id", Uuid, nullable=False),
    Column("ordinal", Integer, nullable=False, comment="From 0, in the order of the contacts' ids."),
    Column("first_letter", Text, comment="Of a long enough e-mail address."),
    Column("email_domain", Text),
    Column("phone_code", Text, comment="The country's calling code, of a phone number."),
    Column("attributes", ARRAY(Text), nullable=False, comment="Their names alone."),
    short_text("source"),
    moment("added_at", nullable=False),
    moment("ended_at"),
    PrimaryKeyConstraint("master_id", "review_id", "ordinal"),
    ForeignKeyConstraint(["master_id", "review_id"], ["reviews.master_id", "reviews.id"]),
    CheckConstraint("char_length(first_letter) = 1", name="first_letter"),
    short_text_check("source"),
    Index("ix_review_samples_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    comment="Never whole addresses or numbers. Deleted a while after ended_at, when the review was over.",
)
