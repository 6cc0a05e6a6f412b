"""Memberships: a person with a role inside one account (R49, R50).

A row repeats the limit that platform staff have set for the person in `overrides`, so that statements which
read rights need no further table.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    Uuid,
    func,
    text,
)

from models.base.columns import Column, account_columns, account_reference, moment
from models.base.planes import control_table

memberships = control_table(
    "memberships",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("role_id", Uuid, ForeignKey("roles.id"), nullable=False),
    Column("joined_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    moment("expires_at"),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    Column("below_limit", BigInteger, comment="A mask: what it gives below the account at most (R73)."),
    moment("below_limit_until"),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    UniqueConstraint("master_id", "account_id", "user_id"),
    CheckConstraint("(below_limit IS NULL) = (below_limit_until IS NULL)", name="below_limit"),
    Index("ix_memberships_id", "id"),
    Index("ix_memberships_user_id", "user_id"),
    Index("ix_memberships_account_id_id", "account_id", "id"),
    Index("ix_memberships_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
)
