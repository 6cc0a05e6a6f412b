"""Invitations: a role in an account, offered to an e-mail address (R32-R34)."""

from sqlalchemy import (
    Boolean,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    Uuid,
    false,
    text,
)

from models.base.columns import Column, account_columns, account_reference, created_at, moment
from models.base.planes import control_table

invitations = control_table(
    "invitations",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("email", Text, nullable=False),
    Column("email_canonical", Text, nullable=False),
    Column("role_id", Uuid, ForeignKey("roles.id"), nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the token in the link"),
    Column("inviter_user_id", Uuid, ForeignKey("users.id")),
    Column("inviter_api_key_id", Uuid),
    moment("member_expires_at"),
    moment("expires_at", nullable=False),
    moment("accepted_at"),
    moment("revoked_at"),
    Column("declined", Boolean, nullable=False, server_default=false(), comment="By who was invited."),
    created_at(),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    Index("ix_invitations_id", "id"),
    Index("ix_invitations_digest", "digest"),
    Index("ix_invitations_account_id_id", "account_id", "id"),
    Index(
        "ix_invitations_email_canonical",
        "email_canonical",
        postgresql_where=text("accepted_at IS NULL AND revoked_at IS NULL"),
    ),
    Index(
        "ix_invitations_expires_at",
        "expires_at",
        postgresql_where=text("accepted_at IS NULL AND revoked_at IS NULL"),
    ),
    Index(
        "uq_invitations_pending",
        "master_id",
        "account_id",
        "email_canonical",
        unique=True,
        postgresql_where=text("accepted_at IS NULL AND revoked_at IS NULL"),
    ),
)
