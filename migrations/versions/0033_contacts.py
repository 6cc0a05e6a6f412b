"""the data plane: its role, and contacts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0032"

APPLICATION = "mandant_application"
ROLE = "mandant_data"

# Somebody else may have made it for an owner who makes no roles.
CREATE_ROLE = f"""
DO $$ BEGIN
  IF to_regrole('{ROLE}') IS NULL THEN
    CREATE ROLE {ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""

# The application takes the role between two statements, and has none of its rights before that: so PostgreSQL
# refuses a statement that names tables of both planes. PostgreSQL 15 knows only the attribute of the role;
# later ones copy it into the grant.
GRANT_ROLE = f"""
DO $$ BEGIN
  IF NOT pg_has_role('{APPLICATION}', '{ROLE}', 'MEMBER') THEN
    ALTER ROLE {APPLICATION} NOINHERIT;
    GRANT {ROLE} TO {APPLICATION};
  END IF;
END $$
"""

# Nothing of the data plane moves to another account. Where a contact came from stays as it was told.
GRANTS = {
    "contacts": "SELECT, INSERT, DELETE, "
    "UPDATE (external_id, email, email_canonical, phone, phone_canonical, attributes, version)",
    "contact_attributes": "SELECT, INSERT, DELETE",
    "contact_lists": "SELECT, INSERT, DELETE, UPDATE (external_id, name, sort_key, search_key, version)",
    "contact_list_members": "SELECT, INSERT, DELETE",
}


def upgrade() -> None:
    op.execute(CREATE_ROLE)
    op.execute(GRANT_ROLE)
    op.execute(f"GRANT USAGE ON SCHEMA public TO {ROLE}")
    op.create_table(
        "contact_attributes",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "type IN ('TEXT', 'NUMBER', 'DATE', 'BOOLEAN')", name=op.f("ck_contact_attributes_type")
        ),
        sa.CheckConstraint(
            "char_length(name) BETWEEN 1 AND 200", name=op.f("ck_contact_attributes_name_length")
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_contact_attributes")),
        sa.UniqueConstraint(
            "master_id", "account_id", "name", name=op.f("uq_contact_attributes_master_id_account_id_name")
        ),
        comment="What the account keeps of its contacts. Names and types never change: values go by both.",
    )
    op.create_table(
        "contact_lists",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), comment="The customer's own id, unique in the account."),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_key", sa.LargeBinary(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "char_length(external_id) BETWEEN 1 AND 200", name=op.f("ck_contact_lists_external_id_length")
        ),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name=op.f("ck_contact_lists_name_length")),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_contact_lists")),
        sa.UniqueConstraint(
            "master_id",
            "account_id",
            "external_id",
            name=op.f("uq_contact_lists_master_id_account_id_external_id"),
        ),
    )
    op.create_table(
        "contacts",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), comment="The customer's own id, unique in the account."),
        sa.Column("email", sa.Text(), comment="As it was given."),
        sa.Column("email_canonical", sa.Text(collation="C"), comment="What is compared (T24)."),
        sa.Column("phone", sa.Text(), comment="As it was given."),
        sa.Column("phone_canonical", sa.Text(collation="C"), comment="What is compared: E.164 (T26)."),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="Values by the names of contact_attributes.",
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("jsonb_typeof(attributes) = 'object'", name=op.f("ck_contacts_attributes")),
        sa.CheckConstraint(
            "phone_canonical ~ '^[+][1-9][0-9]{1,14}$'", name=op.f("ck_contacts_phone_canonical")
        ),
        sa.CheckConstraint("(email IS NULL) = (email_canonical IS NULL)", name=op.f("ck_contacts_email")),
        sa.CheckConstraint("(phone IS NULL) = (phone_canonical IS NULL)", name=op.f("ck_contacts_phone")),
        sa.CheckConstraint(
            "char_length(email) <= 320 AND char_length(email_canonical) <= 320",
            name=op.f("ck_contacts_email_length"),
        ),
        sa.CheckConstraint(
            "char_length(external_id) BETWEEN 1 AND 200", name=op.f("ck_contacts_external_id_length")
        ),
        sa.CheckConstraint("char_length(phone) BETWEEN 1 AND 200", name=op.f("ck_contacts_phone_length")),
        sa.CheckConstraint("char_length(source) BETWEEN 1 AND 200", name=op.f("ck_contacts_source_length")),
        sa.CheckConstraint("email IS NOT NULL OR phone IS NOT NULL", name=op.f("ck_contacts_address")),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_contacts")),
        sa.UniqueConstraint(
            "master_id",
            "account_id",
            "email_canonical",
            name=op.f("uq_contacts_master_id_account_id_email_canonical"),
        ),
        sa.UniqueConstraint(
            "master_id",
            "account_id",
            "external_id",
            name=op.f("uq_contacts_master_id_account_id_external_id"),
        ),
        sa.UniqueConstraint(
            "master_id",
            "account_id",
            "phone_canonical",
            name=op.f("uq_contacts_master_id_account_id_phone_canonical"),
        ),
    )
    op.create_table(
        "contact_list_members",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("contact_list_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "char_length(source) BETWEEN 1 AND 200", name=op.f("ck_contact_list_members_source_length")
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id", "contact_id"],
            ["contacts.master_id", "contacts.account_id", "contacts.id"],
            name=op.f("fk_contact_list_members_master_id_account_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id", "contact_list_id"],
            ["contact_lists.master_id", "contact_lists.account_id", "contact_lists.id"],
            name=op.f("fk_contact_list_members_master_id_account_id_contact_list_id"),
        ),
        sa.PrimaryKeyConstraint(
            "master_id", "account_id", "contact_list_id", "contact_id", name=op.f("pk_contact_list_members")
        ),
    )
    op.create_index(
        "ix_contact_list_members_contact",
        "contact_list_members",
        ["master_id", "account_id", "contact_id"],
        unique=False,
    )
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
        # An account is of one tree. Who takes both for independent expects no more than a row of each account,
        # and any index seems to do: PostgreSQL would walk the account to find one address in it.
        op.execute(
            f"CREATE STATISTICS st_{table}_account (dependencies) ON master_id, account_id FROM {table}"
        )
