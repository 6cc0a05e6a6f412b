"""Requests of one side of an account's link to its parent, at most one for an account (N3)."""

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, PrimaryKeyConstraint, Text, Uuid

from models.accounts.tables import ParentAccess, one_of
from models.base.columns import (
    Column,
    account_columns,
    account_reference,
    moment,
    short_text,
    short_text_check,
)
from models.base.planes import control_table

parent_access_requests = control_table(
    "parent_access_requests",
    *account_columns(),
    Column("parent_access", Text, nullable=False, comment="What is asked for."),
    short_text("reason"),
    Column("from_above", Boolean, nullable=False, comment="Asked by the parent; else by the account."),
    Column("asker_user_id", Uuid, ForeignKey("users.id")),
    Column("asker_api_key_id", Uuid),
    moment("requested_at", nullable=False),
    moment("expires_at", nullable=False),
    PrimaryKeyConstraint("master_id", "account_id"),
    account_reference(),
    one_of("parent_access", ParentAccess),
    CheckConstraint("(asker_user_id IS NULL) <> (asker_api_key_id IS NULL)", name="asker"),
    short_text_check("reason"),
)
