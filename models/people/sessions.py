"""Sessions of signed-in people: opaque tokens, stored as digests. A reference table."""

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)

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
    Column("ends_by", DateTime(timezone=True), comment="It never lasts longer."),
    created_at(),
    Column(
        "last_seen_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=func.now(),
        comment="Noted at most once a minute.",
    ),
    Column("client", Text, comment="Of the sign-in, such as Firefox on Linux."),
    Column("place", Text, comment="The network of the sign-in. Whole addresses are not kept."),
    moment("second_factor_at"),
    UniqueConstraint("digest"),
    CheckConstraint("char_length(client) BETWEEN 1 AND 100", name="client_length"),
    CheckConstraint("char_length(place) BETWEEN 1 AND 50", name="place_length"),
    Index(None, "user_id"),
    Index(None, "expires_at"),
    Index(
        "ix_sessions_sign_on",
        "sign_on_master_id",
        "sign_on_subject",
        postgresql_where=text("sign_on_master_id IS NOT NULL"),
    ),
)
