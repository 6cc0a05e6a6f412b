"""Single sign-on of master accounts by OpenID Connect, and whom issuers know."""

import enum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from models.accounts.tables import one_of
from models.base.columns import Column, account_columns, account_reference, created_at, moment
from models.base.planes import control_table


class SingleSignOnEnforcement(enum.Enum):
    """Whether people of the sign-in domains can still use a password."""

    OPTIONAL = "OPTIONAL"
    REQUIRED = "REQUIRED"


single_sign_ons = control_table(
    "single_sign_ons",
    *account_columns(),
    Column("issuer", Text, nullable=False, comment="Its address, as its tokens have it."),
    Column("client_id", Text, nullable=False),
    Column("client_secret", LargeBinary, comment="Sealed; NULL: the issuer asks for none."),
    Column("audience", Text, comment="Of bearer tokens that are accepted; NULL: none are."),
    Column("enforcement", Text, nullable=False),
    Column("role_claim", Text, comment="The claim that names a person's roles."),
    Column("default_role_id", Uuid, ForeignKey("roles.id"), comment="NULL: nobody becomes a member by it."),
    created_at(),
    PrimaryKeyConstraint("master_id", "account_id"),
    account_reference(),
    one_of("enforcement", SingleSignOnEnforcement),
    CheckConstraint("account_id = master_id", name="of_a_master_account"),
    Index("ix_single_sign_ons_issuer", "issuer", postgresql_where=text("audience IS NOT NULL")),
)


def _part_of_one() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["master_id", "account_id"], ["single_sign_ons.master_id", "single_sign_ons.account_id"]
    )


single_sign_on_roles = control_table(
    "single_sign_on_roles",
    *account_columns(),
    Column("position", Integer, nullable=False, comment="Of several that fit, the first one counts."),
    Column("value", Text, nullable=False),
    Column("role_id", Uuid, ForeignKey("roles.id"), nullable=False),
    PrimaryKeyConstraint("master_id", "account_id", "value"),
    _part_of_one(),
)

single_sign_on_exceptions = control_table(
    "single_sign_on_exceptions",
    *account_columns(),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    PrimaryKeyConstraint("master_id", "account_id", "user_id"),
    _part_of_one(),
    comment="Owners who may use their password where single sign-on is required.",
)

single_sign_on_identities = control_table(
    "single_sign_on_identities",
    *account_columns(),
    Column("subject", Text(collation="C"), nullable=False, comment="How the issuer names the person."),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    created_at(),
    PrimaryKeyConstraint("master_id", "account_id", "subject"),
    UniqueConstraint("master_id", "account_id", "user_id"),
    _part_of_one(),
    Index("ix_single_sign_on_identities_user_id", "user_id"),
)


def _challenge() -> Column[bytes]:
    comment = "SHA-256 of what the page keeps that has begun."
    return Column("challenge", LargeBinary, nullable=False, comment=comment)


single_sign_on_attempts = control_table(
    "single_sign_on_attempts",
    Column("digest", LargeBinary, primary_key=True, comment="SHA-256 of the state."),
    _challenge(),
    moment("expires_at", nullable=False),
    Index(None, "expires_at"),
    comment="People who were sent to an issuer and have not come back. Each comes back once.",
)

single_sign_on_codes = control_table(
    "single_sign_on_codes",
    Column("digest", LargeBinary, primary_key=True, comment="SHA-256 of the code"),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("sign_on_master_id", Uuid, nullable=False),
    Column("sign_on_subject", Text, nullable=False),
    Column("issuer_session", Text),
    _challenge(),
    moment("expires_at", nullable=False),
    Index(None, "expires_at"),
    Index(None, "user_id"),
    comment="A client changes each for a session, once.",
)

single_sign_on_tokens = control_table(
    "single_sign_on_tokens",
    Column("digest", LargeBinary, primary_key=True, comment="SHA-256 of an issuer's bearer token"),
    moment("expires_at", nullable=False),
    Index(None, "expires_at"),
    comment="Tokens that have opened their session. A session that was ended is not opened again.",
)
