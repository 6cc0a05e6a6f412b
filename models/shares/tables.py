"""Shares: one grant opens some accounts of a tree to a person outside it (R17, R21, R24, R30-R34)."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    text,
)

from models.base.columns import Column, created_at, moment
from models.base.planes import control_table

shares = control_table(
    "shares",
    Column("master_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("email", Text, nullable=False),
    Column("email_canonical", Text, nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id"), comment="Null until it is accepted."),
    Column("role_id", Uuid, ForeignKey("roles.id"), comment="Null: `areas` instead."),
    Column("areas", ARRAY(Text), comment="Opened without a role (R38)."),
    Column("areas_mask", BigInteger, nullable=False, server_default=text("0")),
    Column("hidden_areas", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("hidden_mask", BigInteger, nullable=False, server_default=text("0"), comment="Wins (R24)."),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the token in the link"),
    Column("giver_user_id", Uuid, ForeignKey("users.id")),
    Column("giver_api_key_id", Uuid),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    moment("link_expires_at", nullable=False),
    moment("expires_at"),
    moment("accepted_at"),
    moment("revoked_at"),
    Column("declined", Boolean, nullable=False, server_default=false(), comment="By who was to get it."),
    created_at(),
    PrimaryKeyConstraint("master_id", "id"),
    CheckConstraint("(role_id IS NULL) = (areas IS NOT NULL)", name="role_or_areas"),
    CheckConstraint("(user_id IS NULL) = (accepted_at IS NULL)", name="accepted"),
    Index("ix_shares_id", "id"),
    Index("ix_shares_digest", "digest"),
    Index("ix_shares_user_id", "user_id"),
    Index("ix_shares_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
    Index(
        "ix_shares_link_expires_at",
        "link_expires_at",
        postgresql_where=text("accepted_at IS NULL AND revoked_at IS NULL"),
    ),
)

share_accounts = control_table(
    "share_accounts",
    Column("master_id", Uuid, nullable=False),
    Column("share_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    PrimaryKeyConstraint("master_id", "share_id", "account_id"),
    ForeignKeyConstraint(["master_id", "share_id"], ["shares.master_id", "shares.id"]),
    ForeignKeyConstraint(["master_id", "account_id"], ["accounts.master_id", "accounts.id"]),
    UniqueConstraint("master_id", "account_id", "share_id"),
)
