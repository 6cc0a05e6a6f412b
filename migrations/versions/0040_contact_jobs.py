"""jobs about contacts: imports, and lists that end"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0040"
down_revision = "0039"

COUNTS = "total, done, created, updated, refused"
DATA_GRANTS = {
    "contact_import_parts": "SELECT, INSERT, DELETE",
    "contact_import_errors": "SELECT, INSERT, DELETE",
}


def upgrade() -> None:
    op.create_table(
        "contact_jobs",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="WAITING", nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=True, comment="The list that it removes."),
        sa.Column(
            "plan",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="How an import reads its rows.",
        ),
        sa.Column("total", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("updated", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refused", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True, comment="Who asked for it,"),
        sa.Column("api_key_id", sa.Uuid(), nullable=True, comment="or which key,"),
        sa.Column("acting_from", sa.Uuid(), nullable=False, comment="by a grant of this account."),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'IMPORT') = (plan IS NOT NULL)", name=op.f("ck_contact_jobs_plan")),
        sa.CheckConstraint(
            "(kind = 'LIST_DELETION') = (list_id IS NOT NULL)", name=op.f("ck_contact_jobs_list")
        ),
        sa.CheckConstraint(
            "(status IN ('UPLOADING', 'WAITING', 'RUNNING')) = (ended_at IS NULL)",
            name=op.f("ck_contact_jobs_ended"),
        ),
        sa.CheckConstraint("kind IN ('IMPORT', 'LIST_DELETION')", name=op.f("ck_contact_jobs_kind")),
        sa.CheckConstraint(
            "status IN ('UPLOADING', 'WAITING', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED')",
            name=op.f("ck_contact_jobs_status"),
        ),
        sa.CheckConstraint(
            "char_length(failure) BETWEEN 1 AND 200", name=op.f("ck_contact_jobs_failure_length")
        ),
        sa.CheckConstraint(
            "total >= 0 AND done >= 0 AND created >= 0 AND updated >= 0 AND refused >= 0",
            name=op.f("ck_contact_jobs_counts"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_contact_jobs_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "api_key_id"],
            ["api_keys.master_id", "api_keys.id"],
            name=op.f("fk_contact_jobs_master_id_api_key_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_contact_jobs_user_id")),
        sa.PrimaryKeyConstraint("master_id", "id", name=op.f("pk_contact_jobs")),
    )
    op.create_index("ix_contact_jobs_account_id_id", "contact_jobs", ["account_id", "id"], unique=False)
    op.create_index("ix_contact_jobs_id", "contact_jobs", ["id"], unique=False)
    op.create_index(
        "ix_contact_jobs_open",
        "contact_jobs",
        ["master_id", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('UPLOADING', 'WAITING', 'RUNNING')"),
    )
    op.create_table(
        "contact_import_parts",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False, comment="From 0, in the order of the file."),
        sa.Column(
            "rows", sa.LargeBinary(), nullable=False, comment="JSON: for each row its line and its cells."
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_contact_import_parts")),
        sa.UniqueConstraint(
            "master_id",
            "account_id",
            "job_id",
            "part",
            name=op.f("uq_contact_import_parts_master_id_account_id_job_id_part"),
        ),
        comment="What is left to import: a part is deleted with the transaction that imports it.",
    )
    op.create_table(
        "contact_import_errors",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False, comment="Of the file, from 1."),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "char_length(reason) BETWEEN 1 AND 200", name=op.f("ck_contact_import_errors_reason_length")
        ),
        sa.PrimaryKeyConstraint("master_id", "account_id", "id", name=op.f("pk_contact_import_errors")),
        sa.UniqueConstraint(
            "master_id",
            "account_id",
            "job_id",
            "line",
            name=op.f("uq_contact_import_errors_master_id_account_id_job_id_line"),
        ),
    )
    op.create_index(
        "ix_contact_import_errors_created_at", "contact_import_errors", ["created_at"], unique=False
    )
    op.execute(
        "GRANT SELECT, INSERT, DELETE, "
        f"UPDATE (status, failure, started_at, ended_at, {COUNTS}) ON contact_jobs TO mandant_application"
    )
    op.add_column("contact_lists", sa.Column("deleted_at", sa.DateTime(timezone=True)))
    op.create_table_comment(
        "contact_lists", "One that was deleted stays until a worker has removed its members."
    )
    op.execute("GRANT UPDATE (deleted_at) ON contact_lists TO mandant_data")
    for table, rights in DATA_GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO mandant_data")
        op.execute(
            f"CREATE STATISTICS st_{table}_account (dependencies) ON master_id, account_id FROM {table}"
        )
