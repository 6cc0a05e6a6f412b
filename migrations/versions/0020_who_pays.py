"""what waits can be taken back; sends beyond the plan are billed to whose credit paid"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

ROLE = "mandant_application"


def upgrade() -> None:
    op.add_column(
        "subaccounts_requests", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_check_constraint(
        op.f("ck_subaccounts_requests_withdrawn"),
        "subaccounts_requests",
        "withdrawn_at IS NULL OR answered_at IS NULL",
    )
    op.drop_index("uq_subaccounts_requests_open", "subaccounts_requests")
    op.create_index(
        "uq_subaccounts_requests_open",
        "subaccounts_requests",
        ["master_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("answered_at IS NULL AND withdrawn_at IS NULL"),
    )
    op.execute(f"GRANT UPDATE (withdrawn_at) ON subaccounts_requests TO {ROLE}")
    # Sends of one account and cycle may have been paid from the credit of several, one after the other.
    op.drop_constraint("uq_charges_source", "charges")
    op.create_unique_constraint(
        "uq_charges_source",
        "charges",
        [
            "master_id",
            "account_id",
            "billed_id",
            "product",
            "source_id",
            "starts_at",
            "unit_price",
            "label",
        ],
        postgresql_nulls_not_distinct=True,
    )
