"""Requests to platform support to unlock subaccounts, and their answers (R11)."""

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    Uuid,
    text,
)

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

subaccounts_requests = control_table(
    "subaccounts_requests",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    short_text("reason"),
    Column("answered_by", Uuid, ForeignKey("users.id")),
    Column("override_id", Uuid, comment="What granted it."),
    Column("decline_reason", Text, comment="Why it was declined."),
    created_at(),
    moment("answered_at"),
    moment("withdrawn_at"),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    ForeignKeyConstraint(["master_id", "override_id"], ["overrides.master_id", "overrides.id"]),
    CheckConstraint("(answered_at IS NULL) = (answered_by IS NULL)", name="answered"),
    CheckConstraint(
        "num_nonnulls(override_id, decline_reason) = (answered_at IS NOT NULL)::int", name="one_answer"
    ),
    CheckConstraint("withdrawn_at IS NULL OR answered_at IS NULL", name="withdrawn"),
    CheckConstraint(
        f"char_length(decline_reason) BETWEEN 1 AND {SHORT_TEXT_LENGTH}", name="decline_reason_length"
    ),
    short_text_check("reason"),
    Index("ix_subaccounts_requests_id", "id"),
    Index("ix_subaccounts_requests_account_id_id", "account_id", "id"),
    Index(
        "uq_subaccounts_requests_open",
        "master_id",
        "account_id",
        unique=True,
        postgresql_where=text("answered_at IS NULL AND withdrawn_at IS NULL"),
    ),
)
