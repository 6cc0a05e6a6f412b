"""Tokens that a session or an API key made of itself, each with less than it has. A reference table.

What a token may do is never stored: it is what its parent may do at that moment, in the named accounts, as
far as `scopes` leave it.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    Uuid,
)

from models.base.columns import Column, created_at, moment, short_text, short_text_check
from models.base.planes import control_table

MOST_ACCOUNTS = 100
"""How many accounts a token may name."""
MOST_ANCESTORS = 8
"""How many narrowed tokens may stand between a token and the session or key."""

narrowed_tokens = control_table(
    "narrowed_tokens",
    Column("id", Uuid, primary_key=True),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the token"),
    Column("user_id", Uuid, ForeignKey("users.id"), comment="Whose session it was narrowed from,"),
    Column("api_key_master_id", Uuid, comment="or the tree"),
    Column("api_key_id", Uuid, comment="and the id of the API key."),
    Column(
        "root_digest",
        LargeBinary,
        nullable=False,
        comment="Of the session's token, or of the key's secret: the token ends with it.",
    ),
    Column(
        "ancestor_ids",
        ARRAY(Uuid),
        nullable=False,
        comment="The narrowed tokens between it and the session or key, the outermost first.",
    ),
    Column("account_ids", ARRAY(Uuid), nullable=False, comment="Where it works, and nowhere else."),
    Column("scopes", BigInteger, nullable=False, comment="A mask: what it leaves of its parent's rights."),
    short_text("audience"),
    moment("expires_at", nullable=False),
    moment("revoked_at"),
    created_at(),
    UniqueConstraint("digest"),
    CheckConstraint("num_nonnulls(user_id, api_key_id) = 1", name="parent"),
    CheckConstraint("(api_key_id IS NULL) = (api_key_master_id IS NULL)", name="api_key"),
    CheckConstraint(f"cardinality(ancestor_ids) <= {MOST_ANCESTORS}", name="ancestors"),
    CheckConstraint(f"cardinality(account_ids) BETWEEN 1 AND {MOST_ACCOUNTS}", name="accounts"),
    short_text_check("audience"),
    Index(None, "user_id"),
    Index(None, "api_key_master_id", "api_key_id"),
    Index(None, "expires_at"),
    comment="Its rights are its parent's at each moment, as far as its accounts and scopes leave them.",
)
