"""names in one form, sorted and searched by keys of their own; closed accounts give their external ids free"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

ROLE = "mandant_application"

NAMES = {
    "accounts": ("name",),
    "api_keys": ("name",),
    "roles": ("description",),
    "users": ("name",),
}


def upgrade() -> None:
    for table, columns in NAMES.items():
        for column in columns:
            stored = sa.table(table, sa.column(column))
            text = stored.c[column]
            normal = sa.func.normalize(text, sa.literal_column("NFC"))
            op.execute(stored.update().values({column: normal}).where(text != normal))
    # Where a sibling has the same one already, it stays as it is: both are somebody's.
    op.execute("""
        UPDATE accounts SET external_id = normalize(external_id, NFC)
        WHERE external_id IS NOT NFC NORMALIZED AND NOT EXISTS (
          SELECT FROM accounts AS sibling
          WHERE sibling.master_id = accounts.master_id AND sibling.parent_id = accounts.parent_id
            AND sibling.id <> accounts.id
            AND normalize(sibling.external_id, NFC) = normalize(accounts.external_id, NFC))
    """)
    op.drop_column("accounts", "sort_name")
    # What stands in them until `mandant migrate` has made the forms, in the same transaction.
    op.add_column(
        "accounts", sa.Column("sort_key", sa.LargeBinary(), server_default=sa.text("''"), nullable=False)
    )
    op.add_column(
        "accounts", sa.Column("search_key", sa.Text(), server_default=sa.text("''"), nullable=False)
    )
    op.alter_column("accounts", "sort_key", server_default=None)
    op.alter_column("accounts", "search_key", server_default=None)
    op.drop_constraint(op.f("uq_accounts_master_id_parent_id_external_id"), "accounts", type_="unique")
    op.create_index(
        "uq_accounts_external_id",
        "accounts",
        ["master_id", "parent_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'CLOSED'"),
    )
    op.create_index(
        "ix_accounts_external_id",
        "accounts",
        ["master_id", "external_id"],
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.alter_column(
        "accounts",
        "external_id",
        existing_type=sa.Text(),
        comment="The customer's own id, unique among the open under its parent.",
        existing_comment="The customer's own id, unique under its parent.",
        existing_nullable=True,
    )
    op.create_table(
        "text_forms",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="There is one version."),
        sa.Column("version", sa.Text(), nullable=False, comment="Whose forms of texts the rows have."),
        sa.CheckConstraint("id = 1", name=op.f("ck_text_forms_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_forms")),
    )
    op.execute(f"GRANT SELECT ON text_forms TO {ROLE}")
    op.execute(f"GRANT UPDATE (sort_key, search_key) ON accounts TO {ROLE}")
