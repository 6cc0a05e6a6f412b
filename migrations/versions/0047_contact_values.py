"""what contacts are filtered by, and unique keys for what is given"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"

ROLE = "mandant_data"

# Nullable columns whose values are unique in an account. See `models.base.planes.unique_where_given`.
KEYS = (
    ("contacts", "external_id"),
    ("contacts", "email_canonical"),
    ("contacts", "phone_canonical"),
    ("contact_lists", "external_id"),
)

FILL = """
INSERT INTO contact_values (master_id, account_id, name, contact_id, digest)
SELECT master_id, account_id, name, id, substr(sha256(convert_to(name || '=' || value, 'UTF8')), 1, 8)
FROM contacts, jsonb_each_text(attributes) AS kept (name, value) WHERE value IS NOT NULL
"""

# Before version 17 nobody but the owner may: there ANALYZE passes the tables by, with a warning.
MAY_ANALYZE = f"""
DO $do$ BEGIN
  IF current_setting('server_version_num')::int >= 170000 THEN
    GRANT MAINTAIN ON contacts, contact_values, contact_list_members TO {ROLE};
  END IF;
END $do$
"""


def upgrade() -> None:
    for table, column in KEYS:
        old = op.f(f"uq_{table}_master_id_account_id_{column}")
        op.drop_constraint(old, table, type_="unique")
        op.create_index(
            f"uq_{table}_{column}",
            table,
            ["master_id", "account_id", column],
            unique=True,
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.create_table(
        "contact_values",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False, comment="The attribute's."),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="Of the name and the value, as texts."),
        sa.CheckConstraint("octet_length(digest) = 8", name=op.f("ck_contact_values_digest")),
        sa.PrimaryKeyConstraint(
            "master_id", "account_id", "name", "contact_id", name=op.f("pk_contact_values")
        ),
        comment="What contacts are filtered by: for each value in their attributes a row, written with them. "
        "No foreign key: it would look up the contact for each row.",
    )
    op.execute(FILL)
    op.create_index(
        "ix_contact_values_digest",
        "contact_values",
        ["master_id", "account_id", "digest", "contact_id"],
    )
    op.execute(f"GRANT SELECT, INSERT, DELETE, UPDATE (digest) ON contact_values TO {ROLE}")
    op.execute(MAY_ANALYZE)
    # An account is of one tree, as in 0033.
    op.execute(
        "CREATE STATISTICS st_contact_values_account (dependencies) ON master_id, account_id FROM contact_values"
    )
