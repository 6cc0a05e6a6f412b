"""API keys: a program that acts for one account (R2, R3, R6, R15)."""

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from models.base import (
    Column,
    account_columns,
    account_reference,
    created_at,
    metadata,
    moment,
    short_text,
    short_text_check,
)

api_keys = Table(
    "api_keys",
    metadata,
    *account_columns(),
    Column("id", Uuid, nullable=False),
    short_text("name"),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the secret"),
    Column("last_four", Text, nullable=False),
    Column("role_id", Uuid, ForeignKey("roles.id"), nullable=False),
    Column("scopes", BigInteger, nullable=False, comment="A mask: no wider than its maker's rights."),
    Column("creator_user_id", Uuid, ForeignKey("users.id")),
    Column("creator_api_key_id", Uuid),
    moment("last_used_at"),
    moment("expires_at"),
    moment("revoked_at"),
    created_at(),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    UniqueConstraint("master_id", "digest"),
    short_text_check("name"),
    Index("ix_api_keys_id", "id"),
    Index("ix_api_keys_digest", "digest"),
    Index("ix_api_keys_account_id_id", "account_id", "id"),
)
