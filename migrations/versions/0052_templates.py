"""templates and their versions"""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"

ROLE = "mandant_data"

# A version never changes, and the account's own rows alone are ever removed.
GRANTS = {
    "templates": "SELECT, INSERT, DELETE, "
    "UPDATE (external_id, name, sort_key, search_key, version, deleted_at)",
    "template_versions": "SELECT, INSERT, DELETE",
}


def upgrade() -> None:
    op.create_table(
        "templates",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), comment="The customer's own id, unique in the account."),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_key", sa.LargeBinary(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="The number of the newest version."),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("channel IN ('EMAIL', 'SMS')", name=op.f("ck_templates_channel")),
        sa.CheckConstraint(
            "char_length(external_id) BETWEEN 1 AND 200", name=op.f("ck_templates_external_id_length")
        ),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name=op.f("ck_templates_name_length")),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_templates")),
        comment="One that was deleted stays: messages show its versions.",
    )
    op.create_index(
        "uq_templates_external_id",
        "templates",
        ["master_id", "account_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_table(
        "template_versions",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="From 1, without gaps."),
        sa.Column("subject", sa.Text()),
        sa.Column("text", sa.Text()),
        sa.Column("html", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("text IS NOT NULL OR html IS NOT NULL", name=op.f("ck_template_versions_body")),
        sa.CheckConstraint("char_length(subject) <= 998", name=op.f("ck_template_versions_subject_length")),
        sa.CheckConstraint("char_length(text) <= 500000", name=op.f("ck_template_versions_text_length")),
        sa.CheckConstraint("char_length(html) <= 500000", name=op.f("ck_template_versions_html_length")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id", "template_id"],
            ["templates.master_id", "templates.account_id", "templates.id"],
            name=op.f("fk_template_versions_master_id_account_id_template_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_template_versions")),
        sa.UniqueConstraint(
            "master_id",
            "account_id",
            "template_id",
            "number",
            name=op.f("uq_template_versions_master_id_account_id_template_id_number"),
        ),
        comment="Never changed, so that what was sent can be shown again. Liquid, as it was given.",
    )
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
        # An account is of one tree, as in 0033.
        op.execute(
            f"CREATE STATISTICS st_{table}_account (dependencies) ON master_id, account_id FROM {table}"
        )
