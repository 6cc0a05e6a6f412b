"""API keys: programs that act for one account (R2, R3, R6, R15)."""

import enum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import CIDR

from models.accounts.tables import one_of
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


class ApiKeyPurpose(enum.Enum):
    """The stream of messages that a key is limited to."""

    MARKETING = "MARKETING"
    TRANSACTIONAL = "TRANSACTIONAL"


class WhenMakerLosesAccess(enum.Enum):
    """What happens to an API key when its creator could not create it any more."""

    KEEP = "KEEP"
    STOP = "STOP"


MOST_IP_RANGES = 50
"""How many ranges of IP addresses a key may be bound to."""

api_keys = control_table(
    "api_keys",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    short_text("name"),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the secret"),
    Column("last_four", Text, nullable=False),
    Column("is_test", Boolean, nullable=False, server_default=text("false")),
    Column("previous_digest", LargeBinary, comment="Of the secret before the last rotation."),
    moment("previous_expires_at"),
    Column("role_id", Uuid, ForeignKey("roles.id"), nullable=False),
    Column("scopes", BigInteger, nullable=False, comment="A mask: no wider than its maker's rights."),
    Column("purpose", Text, comment="Its stream (R7); NULL: both."),
    Column(
        "ip_ranges",
        ARRAY(CIDR),
        nullable=False,
        server_default=text("'{}'"),
        comment="Where it works from; empty: from anywhere.",
    ),
    Column("creator_user_id", Uuid, ForeignKey("users.id")),
    Column("creator_api_key_id", Uuid),
    Column(
        "adopter_user_id",
        Uuid,
        ForeignKey("users.id"),
        comment="Who answers for it in its creator's place (T6).",
    ),
    Column("rotator_user_id", Uuid, ForeignKey("users.id"), comment="Who rotated it last, if anybody."),
    Column("rotator_api_key_id", Uuid),
    Column(
        "when_maker_loses_access",
        Text,
        nullable=False,
        server_default=WhenMakerLosesAccess.KEEP.value,
        comment="Its maker's choice (N19).",
    ),
    moment("last_used_at"),
    moment("expires_at"),
    moment("revoked_at"),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    created_at(),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    UniqueConstraint("master_id", "digest"),
    short_text_check("name"),
    one_of("purpose", ApiKeyPurpose),
    one_of("when_maker_loses_access", WhenMakerLosesAccess),
    CheckConstraint(f"cardinality(ip_ranges) <= {MOST_IP_RANGES}", name="ip_ranges"),
    CheckConstraint("(previous_digest IS NULL) = (previous_expires_at IS NULL)", name="previous"),
    Index("ix_api_keys_id", "id"),
    Index("ix_api_keys_digest", "digest"),
    Index(
        "ix_api_keys_previous_digest",
        "previous_digest",
        postgresql_where=text("previous_digest IS NOT NULL"),
    ),
    Index("ix_api_keys_account_id_id", "account_id", "id"),
    Index("ix_api_keys_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
    # Which keys stop with a person, and which with a key.
    Index(
        "ix_api_keys_stopping_with_user",
        text("coalesce(adopter_user_id, creator_user_id)"),
        postgresql_where=text("when_maker_loses_access = 'STOP'"),
    ),
    Index(
        "ix_api_keys_stopping_with_key",
        "creator_api_key_id",
        postgresql_where=text("when_maker_loses_access = 'STOP'"),
    ),
)
