"""People, and which of them own an account (R46). Reference tables."""

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Text, Uuid, text

from engine.text.initials import initials
from models.base.columns import (
    NOT_OF_A_TREE,
    Column,
    created_at,
    moment,
    short_text,
    short_text_check,
)
from models.base.planes import control_table
from models.base.text_forms import form, search_form, sort_form

users = control_table(
    "users",
    Column("id", Uuid, primary_key=True),
    short_text("name"),
    sort_form(),
    search_form(),
    form("initials", initials),
    Column("email", Text, nullable=False, comment="As the person wrote it."),
    Column("email_canonical", Text, nullable=False, comment="What is compared (T24)."),
    Column("password_hash", Text, comment="argon2id; NULL: no password signs in."),
    moment("email_verified_at"),
    Column("language", Text, comment="A BCP 47 tag."),
    Column("time_zone", Text, comment="An IANA name."),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    Column("deleted_at", DateTime(timezone=True), comment="Since then name and address are pseudonyms."),
    created_at(),
    short_text_check("name"),
    Index(
        "uq_users_verified_email",
        "email_canonical",
        unique=True,
        postgresql_where=text("email_verified_at IS NOT NULL"),
    ),
    Index("ix_users_email_canonical_id", "email_canonical", "id"),
)

ownerships = control_table(
    "ownerships",
    Column("user_id", Uuid, ForeignKey("users.id"), primary_key=True),
    Column("master_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    comment="An e-mail address owns at most one account, whatever its tree (R46).",
    info={NOT_OF_A_TREE: "a person owns one account, whatever its tree"},
)
