"""events in an order that followers can rely on"""

import sqlalchemy as sa
from alembic import op

revision = "0083"
down_revision = "0082"

ROLE = "mandant_application"

# `mandant migrate` writes it again, with its rights.
NUMBER = """
CREATE FUNCTION mandant_log_number() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $body$
BEGIN
  RETURN pg_current_xact_id()::text::bigint + coalesce((SELECT ahead FROM log_numbering), 0);
END
$body$
"""


def upgrade() -> None:
    op.create_table(
        "log_numbering",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="There is one log."),
        sa.Column(
            "ahead",
            sa.BigInteger(),
            nullable=False,
            comment="What the log's numbers are ahead of the database's transaction ids.",
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_log_numbering_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_numbering")),
    )
    op.alter_column("events", "kind", new_column_name="type")
    op.execute(f"GRANT SELECT ON log_numbering TO {ROLE}")
    op.execute(NUMBER)
    # What was written before is one transaction: its order is that of its ids.
    op.add_column(
        "events",
        sa.Column(
            "transaction_id",
            sa.BigInteger(),
            server_default=sa.text("mandant_log_number()"),
            nullable=False,
            comment="As the log counts transactions, see log_numbering.",
        ),
    )
    op.create_index("ix_events_in_order", "events", ["master_id", "account_id", "transaction_id", "id"])
