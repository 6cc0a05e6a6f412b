"""Break-glass: a person from an account above opens an account's link for some hours (N3)."""

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, Uuid, text

from models.base.columns import (
    Column,
    account_columns,
    account_reference,
    created_at,
    moment,
    short_text,
    short_text_check,
)
from models.base.planes import control_table

break_glass_openings = control_table(
    "break_glass_openings",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    short_text("reason"),
    created_at(),
    moment("expires_at", nullable=False),
    moment("ended_at"),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    short_text_check("reason"),
    Index("ix_break_glass_openings_id", "id"),
    Index("ix_break_glass_openings_user_id", "user_id"),
    Index("ix_break_glass_openings_account_id_id", "account_id", "id"),
    Index("ix_break_glass_openings_expires_at", "expires_at", postgresql_where=text("ended_at IS NULL")),
)
