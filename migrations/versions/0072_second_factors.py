"""second factors, and which accounts require one"""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"

ROLE = "mandant_application"

GRANTS = {
    "totp_secrets": "SELECT, INSERT, UPDATE, DELETE",
    "recovery_codes": "SELECT, INSERT, DELETE",
    "passkeys": "SELECT, INSERT, UPDATE (sign_count, last_used_at), DELETE",
    "factor_challenges": "SELECT, INSERT, DELETE",
    "factor_resets": "SELECT, INSERT, UPDATE, DELETE",
    "second_factor_rules": "SELECT, INSERT, DELETE",
}


def _created_at() -> sa.Column[object]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.add_column("sessions", _moment("second_factor_at"))
    op.create_table(
        "totp_secrets",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False, comment="Sealed."),
        sa.Column(
            "last_step",
            sa.BigInteger(),
            comment="The step of the newest code that was taken: none is taken twice.",
        ),
        _moment("confirmed_at"),
        _created_at(),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_totp_secrets_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_totp_secrets")),
        comment="The secret of a person's authenticator app. It counts once a code confirmed it.",
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the code, of 80 random bits"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id")),
        sa.PrimaryKeyConstraint("user_id", "digest", name=op.f("pk_recovery_codes")),
        comment="A code that was used is deleted.",
    )
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False, comment="COSE"),
        sa.Column(
            "sign_count", sa.BigInteger(), nullable=False, comment="Of the last use; 0: it does not count."
        ),
        _moment("last_used_at"),
        _created_at(),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name=op.f("ck_passkeys_name_length")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_passkeys_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index(op.f("ix_passkeys_user_id"), "passkeys", ["user_id"])
    op.create_table(
        "factor_challenges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token"),
        sa.Column("user_id", sa.Uuid(), comment="Null: whoever has the passkey."),
        sa.Column(
            "password_digest", sa.LargeBinary(), comment="SHA-256 of the stored hash that was compared."
        ),
        sa.Column("nonce", sa.LargeBinary(), nullable=False, comment="What a passkey signs."),
        _moment("expires_at", nullable=False),
        _created_at(),
        sa.CheckConstraint(
            "purpose IN ('SIGN_IN', 'PASSKEY_SIGN_IN', 'PASSKEY_ADD')",
            name=op.f("ck_factor_challenges_purpose"),
        ),
        sa.CheckConstraint(
            "(user_id IS NULL) = (purpose = 'PASSKEY_SIGN_IN')", name=op.f("ck_factor_challenges_person")
        ),
        sa.CheckConstraint(
            "(password_digest IS NOT NULL) = (purpose = 'SIGN_IN')",
            name=op.f("ck_factor_challenges_password"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_factor_challenges_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor_challenges")),
        sa.UniqueConstraint("digest", name=op.f("uq_factor_challenges_digest")),
        comment="A challenge that was answered is deleted.",
    )
    op.create_index(op.f("ix_factor_challenges_user_id"), "factor_challenges", ["user_id"])
    op.create_index(op.f("ix_factor_challenges_expires_at"), "factor_challenges", ["expires_at"])
    op.create_table(
        "factor_resets",
        sa.Column("user_id", sa.Uuid(), nullable=False, comment="Who lost the factors."),
        sa.Column("approved_by", sa.Uuid(), comment="An owner of an account of the person."),
        sa.Column("staff_by", sa.Uuid(), comment="The first of two of the platform's staff."),
        _moment("effective_at"),
        _moment("expires_at", nullable=False),
        _created_at(),
        sa.CheckConstraint("approved_by <> user_id", name=op.f("ck_factor_resets_nobody_approves_his_own")),
        sa.CheckConstraint("staff_by <> user_id", name=op.f("ck_factor_resets_staff_help_others")),
        sa.CheckConstraint(
            "(effective_at IS NULL) = (approved_by IS NULL)", name=op.f("ck_factor_resets_effective")
        ),
        sa.ForeignKeyConstraint(["approved_by"], ["users.id"], name=op.f("fk_factor_resets_approved_by")),
        sa.ForeignKeyConstraint(["staff_by"], ["users.id"], name=op.f("fk_factor_resets_staff_by")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_factor_resets_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_factor_resets")),
        comment="A reset that was done is deleted.",
    )
    op.create_index(op.f("ix_factor_resets_expires_at"), "factor_resets", ["expires_at"])
    op.create_table(
        "second_factor_rules",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _created_at(),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_second_factor_rules_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", name=op.f("pk_second_factor_rules")),
        comment="The accounts that require a second factor, for themselves and all below them.",
    )
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
