"""What a person proves itself with besides the password, and which accounts require it."""

import enum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    Uuid,
)

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

totp_secrets = control_table(
    "totp_secrets",
    Column("user_id", Uuid, ForeignKey("users.id"), primary_key=True),
    Column("secret", LargeBinary, nullable=False, comment="Sealed."),
    Column(
        "last_step", BigInteger, comment="The step of the newest code that was taken: none is taken twice."
    ),
    moment("confirmed_at"),
    created_at(),
    comment="The secret of a person's authenticator app. It counts once a code confirmed it.",
)

recovery_codes = control_table(
    "recovery_codes",
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the code, of 80 random bits"),
    created_at(),
    PrimaryKeyConstraint("user_id", "digest"),
    comment="A code that was used is deleted.",
)

passkeys = control_table(
    "passkeys",
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    short_text("name"),
    Column("credential_id", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False, comment="COSE"),
    Column("sign_count", BigInteger, nullable=False, comment="Of the last use; 0: it does not count."),
    moment("last_used_at"),
    created_at(),
    UniqueConstraint("credential_id"),
    Index(None, "user_id"),
    short_text_check("name"),
)


class ChallengePurpose(enum.Enum):
    """What a challenge is for."""

    SIGN_IN = "SIGN_IN"
    """The password was right; a second factor is missing."""
    PASSKEY_SIGN_IN = "PASSKEY_SIGN_IN"
    """A passkey alone signs in."""
    PASSKEY_ADD = "PASSKEY_ADD"


factor_challenges = control_table(
    "factor_challenges",
    Column("id", Uuid, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the token"),
    Column("user_id", Uuid, ForeignKey("users.id"), comment="Null: whoever has the passkey."),
    Column("password_digest", LargeBinary, comment="SHA-256 of the stored hash that was compared."),
    Column("nonce", LargeBinary, nullable=False, comment="What a passkey signs."),
    moment("expires_at", nullable=False),
    created_at(),
    UniqueConstraint("digest"),
    CheckConstraint(
        f"purpose IN ({', '.join(repr(each.value) for each in ChallengePurpose)})", name="purpose"
    ),
    CheckConstraint("(user_id IS NULL) = (purpose = 'PASSKEY_SIGN_IN')", name="person"),
    CheckConstraint("(password_digest IS NOT NULL) = (purpose = 'SIGN_IN')", name="password"),
    Index(None, "user_id"),
    Index(None, "expires_at"),
    comment="A challenge that was answered is deleted.",
)

factor_resets = control_table(
    "factor_resets",
    Column("user_id", Uuid, ForeignKey("users.id"), primary_key=True, comment="Who lost the factors."),
    Column("approved_by", Uuid, ForeignKey("users.id"), comment="An owner of an account of the person."),
    Column("staff_by", Uuid, ForeignKey("users.id"), comment="The first of two of the platform's staff."),
    moment("effective_at"),
    moment("expires_at", nullable=False),
    created_at(),
    CheckConstraint("approved_by <> user_id", name="nobody_approves_his_own"),
    CheckConstraint("staff_by <> user_id", name="staff_help_others"),
    CheckConstraint("(effective_at IS NULL) = (approved_by IS NULL)", name="effective"),
    Index(None, "expires_at"),
    comment="A reset that was done is deleted.",
)

second_factor_rules = control_table(
    "second_factor_rules",
    *account_columns(),
    created_at(),
    PrimaryKeyConstraint("master_id", "account_id"),
    account_reference(),
    comment="The accounts that require a second factor, for themselves and all below them.",
)
