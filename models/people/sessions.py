"""Sessions of signed-in people: opaque tokens, stored as digests. A reference table."""

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, UniqueConstraint, Uuid, text

from models.base.columns import Column, created_at, moment
from models.base.planes import control_table

sessions = control_table(
    "sessions",
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the token"),
    moment("expires_at", nullable=False),
    Column("sign_on_master_id", Uuid, comment="The tree whose single sign-on opened it; NULL: none did."),
    Column("sign_on_subject", Text, comment="How the issuer names the person."),
    Column("issuer_session", Text, comment="The issuer's own session, where it has said which."),
    created_at(),
    UniqueConstraint("digest"),
    Index(None, "user_id"),
    Index(None, "expires_at"),
    Index(
        "ix_sessions_sign_on",
        "sign_on_master_id",
        "sign_on_subject",
        postgresql_where=text("sign_on_master_id IS NOT NULL"),
    ),
)
