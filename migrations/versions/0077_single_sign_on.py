"""single sign-on"""

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0075"

GRANTS = {
    "single_sign_ons": "SELECT, INSERT, UPDATE, DELETE",
    "single_sign_on_roles": "SELECT, INSERT, DELETE",
    "single_sign_on_exceptions": "SELECT, INSERT, DELETE",
    "single_sign_on_identities": "SELECT, INSERT, UPDATE, DELETE",
    "single_sign_on_attempts": "SELECT, INSERT, DELETE",
    "single_sign_on_codes": "SELECT, INSERT, DELETE",
    "single_sign_on_tokens": "SELECT, INSERT, DELETE",
}


def upgrade() -> None:
    _domains()
    op.alter_column("users", "password_hash", nullable=True, comment="argon2id; NULL: no password signs in.")
    op.add_column(
        "sessions",
        sa.Column(
            "sign_on_master_id",
            sa.Uuid(),
            comment="The tree whose single sign-on opened it; NULL: none did.",
        ),
    )
    op.add_column(
        "sessions", sa.Column("sign_on_subject", sa.Text(), comment="How the issuer names the person.")
    )
    op.add_column(
        "sessions",
        sa.Column("issuer_session", sa.Text(), comment="The issuer's own session, where it has said which."),
    )
    op.add_column(
        "sessions", sa.Column("ends_by", sa.DateTime(timezone=True), comment="It never lasts longer.")
    )
    op.create_index(
        "ix_sessions_sign_on",
        "sessions",
        ["sign_on_master_id", "sign_on_subject"],
        postgresql_where=sa.text("sign_on_master_id IS NOT NULL"),
    )
    _settings()
    _people()
    _short_lived()
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO mandant_application")


def _domains() -> None:
    op.add_column(
        "domain_claims",
        sa.Column(
            "for_sign_in",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Whether people sign in by it; else mail and links use it.",
        ),
    )
    op.create_table_comment(
        "domain_claims", "Which tree has a domain verified: one tree at most for each of both purposes."
    )
    op.drop_constraint("uq_domain_claims_name", "domain_claims")
    op.create_unique_constraint("uq_domain_claims_name_for_sign_in", "domain_claims", ["name", "for_sign_in"])
    op.drop_constraint("uq_domains_master_id_account_id_ascii_name", "domains")
    op.drop_constraint(op.f("ck_domains_kind"), "domains")
    op.create_check_constraint(
        op.f("ck_domains_kind"), "domains", "kind IN ('SENDING', 'TRACKING', 'SIGN_IN')"
    )
    for name, condition in (("ascii_name", "kind <> 'SIGN_IN'"), ("sign_in", "kind = 'SIGN_IN'")):
        op.create_index(
            f"ix_domains_{name}",
            "domains",
            ["master_id", "account_id", "ascii_name"],
            unique=True,
            postgresql_where=sa.text(condition),
        )


def _settings() -> None:
    op.create_table(
        "single_sign_ons",
        *_account(),
        sa.Column("issuer", sa.Text(), nullable=False, comment="Its address, as its tokens have it."),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("client_secret", sa.LargeBinary(), comment="Sealed; NULL: the issuer asks for none."),
        sa.Column("audience", sa.Text(), comment="Of bearer tokens that are accepted; NULL: none are."),
        sa.Column("enforcement", sa.Text(), nullable=False),
        sa.Column("role_claim", sa.Text(), comment="The claim that names a person's roles."),
        sa.Column("default_role_id", sa.Uuid(), comment="NULL: nobody becomes a member by it."),
        _created_at(),
        sa.CheckConstraint(
            "enforcement IN ('OPTIONAL', 'REQUIRED')", name=op.f("ck_single_sign_ons_enforcement")
        ),
        sa.CheckConstraint("account_id = master_id", name=op.f("ck_single_sign_ons_of_a_master_account")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_single_sign_ons_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["default_role_id"], ["roles.id"], name=op.f("fk_single_sign_ons_default_role_id")
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", name=op.f("pk_single_sign_ons")),
    )
    op.create_index(
        "ix_single_sign_ons_issuer",
        "single_sign_ons",
        ["issuer"],
        postgresql_where=sa.text("audience IS NOT NULL"),
    )
    op.create_table(
        "single_sign_on_roles",
        *_account(),
        sa.Column(
            "position", sa.Integer(), nullable=False, comment="Of several that fit, the first one counts."
        ),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        _part_of_one("single_sign_on_roles"),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_single_sign_on_roles_role_id")),
        sa.PrimaryKeyConstraint("master_id", "account_id", "value", name=op.f("pk_single_sign_on_roles")),
    )


def _people() -> None:
    op.create_table(
        "single_sign_on_exceptions",
        *_account(),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        _part_of_one("single_sign_on_exceptions"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_single_sign_on_exceptions_user_id")),
        sa.PrimaryKeyConstraint(
            "master_id", "account_id", "user_id", name=op.f("pk_single_sign_on_exceptions")
        ),
        comment="Owners who may use their password where single sign-on is required.",
    )
    op.create_table(
        "single_sign_on_identities",
        *_account(),
        sa.Column(
            "subject", sa.Text(collation="C"), nullable=False, comment="How the issuer names the person."
        ),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        _created_at(),
        _part_of_one("single_sign_on_identities"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_single_sign_on_identities_user_id")),
        sa.PrimaryKeyConstraint(
            "master_id", "account_id", "subject", name=op.f("pk_single_sign_on_identities")
        ),
        sa.UniqueConstraint(
            "master_id",
            "account_id",
            "user_id",
            name=op.f("uq_single_sign_on_identities_master_id_account_id_user_id"),
        ),
    )
    op.create_index("ix_single_sign_on_identities_user_id", "single_sign_on_identities", ["user_id"])


def _short_lived() -> None:
    op.create_table(
        "single_sign_on_attempts",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the state."),
        _expires_at(),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_single_sign_on_attempts")),
        comment="People who were sent to an issuer and have not come back. Each comes back once.",
    )
    op.create_table(
        "single_sign_on_codes",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the code"),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sign_on_master_id", sa.Uuid(), nullable=False),
        sa.Column("sign_on_subject", sa.Text(), nullable=False),
        sa.Column("issuer_session", sa.Text()),
        _expires_at(),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_single_sign_on_codes_user_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_single_sign_on_codes")),
        comment="A client changes each for a session, once.",
    )
    op.create_index("ix_single_sign_on_codes_user_id", "single_sign_on_codes", ["user_id"])
    op.create_table(
        "single_sign_on_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of an issuer's bearer token"),
        _expires_at(),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_single_sign_on_tokens")),
        comment="Tokens that have opened their session. A session that was ended is not opened again.",
    )
    for table in ("single_sign_on_attempts", "single_sign_on_codes", "single_sign_on_tokens"):
        op.create_index(f"ix_{table}_expires_at", table, ["expires_at"])


def _account() -> list[sa.Column[object]]:
    return [
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
    ]


def _created_at() -> sa.Column[object]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _expires_at() -> sa.Column[object]:
    return sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False)


def _part_of_one(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["master_id", "account_id"],
        ["single_sign_ons.master_id", "single_sign_ons.account_id"],
        name=op.f(f"fk_{table}_master_id_account_id"),
    )
