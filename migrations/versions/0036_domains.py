"""domains: their records in DNS, their keys, and which tree has one verified"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

ROLE = "mandant_application"

# A domain stays in its account, with its name and its key; only an owner's command seals a key anew. UPDATE
# of a claim's column is needed to lock its row.
GRANTS = {
    "domain_claims": "SELECT, INSERT, DELETE, UPDATE (master_id)",
    "domains": "SELECT, INSERT, DELETE, UPDATE (status, claim_id, failures, failure_counted_at, verified_at, "
    "checked_at, check_due_at, actor_user_id, actor_api_key_id, actor_account_id)",
    "domain_keys": "SELECT, INSERT, DELETE",
    "domain_records": "SELECT, INSERT, DELETE, UPDATE",
}


def upgrade() -> None:
    op.create_table(
        "domain_claims",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="As DNS has it, in ASCII."),
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain_claims")),
        sa.UniqueConstraint("name", name=op.f("uq_domain_claims_name")),
        comment="Which tree has a domain verified: one tree at most.",
    )
    op.create_table(
        "domains",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="In Unicode, as people read it."),
        sa.Column(
            "ascii_name", sa.Text(), nullable=False, comment="As DNS has it, by IDNA 2008: what is compared."
        ),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column(
            "token",
            sa.Text(),
            nullable=False,
            comment="Whoever publishes it under the domain owns the domain.",
        ),
        sa.Column("claim_id", sa.Uuid(), comment="Of its tree, while it is verified."),
        sa.Column(
            "failures",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Of a verified one, in a row.",
        ),
        sa.Column("failure_counted_at", sa.DateTime(timezone=True)),
        sa.Column("verified_at", sa.DateTime(timezone=True)),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.Column("check_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_user_id", sa.Uuid(), comment="Who asked for the check that is due."),
        sa.Column("actor_api_key_id", sa.Uuid()),
        sa.Column("actor_account_id", sa.Uuid(), comment="The account that gave the actor the right (R54)."),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('SENDING', 'TRACKING')", name=op.f("ck_domains_kind")),
        sa.CheckConstraint("status IN ('PENDING', 'VERIFIED', 'BROKEN')", name=op.f("ck_domains_status")),
        sa.CheckConstraint(
            "char_length(ascii_name) BETWEEN 1 AND 253", name=op.f("ck_domains_ascii_name_length")
        ),
        sa.CheckConstraint(
            "(status = 'VERIFIED') = (claim_id IS NOT NULL)", name=op.f("ck_domains_verified_by_a_claim")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["domain_claims.id"], name=op.f("fk_domains_claim_id")),
        sa.ForeignKeyConstraint(["actor_user_id"], ["users.id"], name=op.f("fk_domains_actor_user_id")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_domains_master_id_account_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_domains")),
        sa.UniqueConstraint(
            "master_id", "account_id", "ascii_name", name=op.f("uq_domains_master_id_account_id_ascii_name")
        ),
    )
    op.create_index("ix_domains_id", "domains", ["id"])
    op.create_index("ix_domains_account_id_id", "domains", ["account_id", "id"])
    op.create_index("ix_domains_check_due_at", "domains", ["check_due_at"])
    op.create_index(
        "ix_domains_claim_id", "domains", ["claim_id"], postgresql_where=sa.text("claim_id IS NOT NULL")
    )
    op.create_index(
        "ix_domains_tracking",
        "domains",
        ["master_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'TRACKING'"),
    )
    op.create_table(
        "domain_keys",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("domain_id", sa.Uuid(), nullable=False),
        sa.Column(
            "selector",
            sa.Text(),
            nullable=False,
            comment="The name in DNS under which the public key is found.",
        ),
        sa.Column(
            "public_key", sa.Text(), nullable=False, comment="In DER and base64, as DKIM publishes it."
        ),
        sa.Column("private_key", sa.LargeBinary(), nullable=False, comment="Sealed; in DER by PKCS #8."),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["master_id", "domain_id"],
            ["domains.master_id", "domains.id"],
            name=op.f("fk_domain_keys_master_id_domain_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "domain_id", name=op.f("pk_domain_keys")),
    )
    op.create_table(
        "domain_records",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("domain_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False, comment="What the domain's owner has to publish."),
        sa.Column("status", sa.Text(), comment="NULL: it was not checked yet."),
        sa.Column("found_values", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("problem", sa.Text(), comment="For people."),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "purpose IN ('OWNERSHIP', 'DKIM', 'SPF', 'DMARC', 'RETURN_PATH', 'TRACKING')",
            name=op.f("ck_domain_records_purpose"),
        ),
        sa.CheckConstraint("type IN ('TXT', 'CNAME')", name=op.f("ck_domain_records_type")),
        sa.CheckConstraint(
            "status IN ('OK', 'MISSING', 'WRONG', 'UNREACHABLE')", name=op.f("ck_domain_records_status")
        ),
        sa.CheckConstraint("(status IS NULL) = (checked_at IS NULL)", name=op.f("ck_domain_records_checked")),
        sa.ForeignKeyConstraint(
            ["master_id", "domain_id"],
            ["domains.master_id", "domains.id"],
            name=op.f("fk_domain_records_master_id_domain_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "domain_id", "purpose", name=op.f("pk_domain_records")),
    )
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
