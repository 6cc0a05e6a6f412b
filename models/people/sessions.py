"""Sessions of signed-in people: opaque tokens, stored as digests. A reference table."""

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, Uuid

from models.base.columns import Column, created_at, moment
from models.base.planes import control_table

sessions = control_table(
    "sessions",
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the token"),
    moment("expires_at", nullable=False),
    created_at(),
    UniqueConstraint("digest"),
    Index(None, "user_id"),
    Index(None, "expires_at"),
)
