"""labels of sends, and charges by them"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

ROLE = "mandant_application"

GRANTS = {
    "send_labels": "SELECT, INSERT",
    "send_reservations": "INSERT (label)",
    "charges": "INSERT (label)",
}
SOURCE = ["master_id", "account_id", "product", "source_id", "starts_at", "unit_price"]


def upgrade() -> None:
    op.create_table(
        "send_labels",
        sa.Column("master_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.CheckConstraint("char_length(label) BETWEEN 1 AND 50", name=op.f("ck_send_labels_label_length")),
        sa.ForeignKeyConstraint(
            ["master_id", "account_id"],
            ["accounts.master_id", "accounts.id"],
            name=op.f("fk_send_labels_master_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["master_id", "cycle_id"],
            ["send_cycles.master_id", "send_cycles.id"],
            name=op.f("fk_send_labels_master_id_cycle_id"),
        ),
        sa.PrimaryKeyConstraint("master_id", "cycle_id", "account_id", "label", name=op.f("pk_send_labels")),
        comment="Labels that an account has used in a cycle: few, so that they can be counted (T35).",
    )
    op.add_column("send_reservations", sa.Column("label", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_send_reservations_master_id_cycle_id_account_id_label"),
        "send_reservations",
        "send_labels",
        ["master_id", "cycle_id", "account_id", "label"],
        ["master_id", "cycle_id", "account_id", "label"],
    )
    op.add_column("charges", sa.Column("label", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_charges_label_length"), "charges", "char_length(label) BETWEEN 1 AND 50"
    )
    op.drop_constraint("uq_charges_source", "charges", type_="unique")
    op.create_unique_constraint(
        "uq_charges_source", "charges", [*SOURCE, "label"], postgresql_nulls_not_distinct=True
    )
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO {ROLE}")
