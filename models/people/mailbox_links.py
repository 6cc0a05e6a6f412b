"""Links mailed to a person's own address: opening one proves the mailbox. A reference table."""

import enum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, Uuid

from models.base.columns import Column, created_at, moment
from models.base.planes import control_table


class MailboxLinkKind(enum.Enum):
    """The purpose of a link."""

    EMAIL_VERIFICATION = "EMAIL_VERIFICATION"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105 - no password


mailbox_links = control_table(
    "mailbox_links",
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the token in the link"),
    Column(
        "email",
        Text,
        comment="The address that the person has once the link is used; NULL: the one that it has.",
    ),
    Column("email_canonical", Text),
    Column(
        "code_digest",
        LargeBinary,
        comment="SHA-256 of the link's digest and the code that does the same in a session of the person.",
    ),
    moment("expires_at", nullable=False),
    created_at(),
    UniqueConstraint("digest"),
    Index(None, "user_id"),
    Index(None, "expires_at"),
    CheckConstraint(f"kind IN ({', '.join(repr(kind.value) for kind in MailboxLinkKind)})", name="kind"),
    CheckConstraint("(email IS NULL) = (email_canonical IS NULL)", name="address"),
    comment="A link that was used is deleted.",
)
