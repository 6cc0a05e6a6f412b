"""Access reviews: the owners of an account are asked who and what from outside shall keep its access (N12).

Each account has a review of its own, with an item for each membership, share and API key that is asked about.
"""

import enum

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    Uuid,
    text,
)

from models.accounts.tables import one_of
from models.base.columns import Column, account_columns, account_reference, created_at, moment
from models.base.planes import control_table


class ReviewedKind(enum.Enum):
    """What an access review asks about."""

    MEMBER = "MEMBER"
    SHARE = "SHARE"
    API_KEY = "API_KEY"


class ReviewDecision(enum.Enum):
    """What became of an access that was to be confirmed."""

    CONFIRMED = "CONFIRMED"
    ENDED = "ENDED"


access_reviews = control_table(
    "access_reviews",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("maker_user_id", Uuid, ForeignKey("users.id")),
    Column("maker_api_key_id", Uuid),
    Column("top_account_id", Uuid, nullable=False, comment="Where it was started, with those below."),
    created_at(),
    moment("ends_at", nullable=False),
    moment("work_due_at"),
    moment("canceled_at"),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    ForeignKeyConstraint(["master_id", "top_account_id"], ["accounts.master_id", "accounts.id"]),
    CheckConstraint("canceled_at IS NULL OR work_due_at IS NULL", name="canceled"),
    Index("ix_access_reviews_id", "id"),
    Index("ix_access_reviews_account_id_id", "account_id", "id"),
    Index("ix_access_reviews_work_due_at", "work_due_at", postgresql_where=text("work_due_at IS NOT NULL")),
    Index(
        "uq_access_reviews_open",
        "master_id",
        "account_id",
        unique=True,
        postgresql_where=text("work_due_at IS NOT NULL"),
    ),
)
"""`work_due_at`: when a worker reminds the owners, and then ends what nobody answered. NULL: it has ended, or
was canceled."""

access_review_items = control_table(
    "access_review_items",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("review_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    # No foreign key: what is asked about may end, and the item tells of it.
    Column("subject_id", Uuid, nullable=False, comment="Of the membership, share or key."),
    Column("user_id", Uuid, ForeignKey("users.id"), comment="The member or guest; NULL: a key."),
    Column("unused", Boolean, nullable=False, comment="For 90 days before the review."),
    Column("decision", Text),
    moment("decided_at"),
    Column("decider_user_id", Uuid, ForeignKey("users.id"), comment="NULL: nobody answered."),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    ForeignKeyConstraint(["master_id", "review_id"], ["access_reviews.master_id", "access_reviews.id"]),
    one_of("kind", ReviewedKind),
    one_of("decision", ReviewDecision),
    CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided"),
    Index("ix_access_review_items_id", "id"),
    Index("ix_access_review_items_review_id_id", "review_id", "id"),
)
