"""attributes of contacts that end, and contacts of closed accounts"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"

KINDS = "'IMPORT', 'LIST_DELETION', 'ATTRIBUTE_DELETION', 'CONTACTS_DELETION'"


def upgrade() -> None:
    op.add_column("contact_attributes", sa.Column("deleted_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_contact_attributes_deleted",
        "contact_attributes",
        ["master_id", "account_id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_table_comment(
        "contact_attributes",
        "What the account keeps of its contacts. Names and types never change: values go by both. One that "
        "was deleted stays until a worker has removed its values.",
    )
    op.execute("GRANT UPDATE (deleted_at) ON contact_attributes TO mandant_data")
    op.add_column(
        "contact_jobs",
        sa.Column("attribute_id", sa.Uuid(), comment="The attribute whose values it removes."),
    )
    op.add_column(
        "contact_jobs",
        sa.Column(
            "reached", sa.Uuid(), comment="The row up to which it is done, where it passes all of them."
        ),
    )
    op.drop_constraint(op.f("ck_contact_jobs_kind"), "contact_jobs")
    op.create_check_constraint(op.f("ck_contact_jobs_kind"), "contact_jobs", f"kind IN ({KINDS})")
    op.create_check_constraint(
        op.f("ck_contact_jobs_attribute"),
        "contact_jobs",
        "(kind = 'ATTRIBUTE_DELETION') = (attribute_id IS NOT NULL)",
    )
    op.execute("GRANT UPDATE (reached) ON contact_jobs TO mandant_application")
