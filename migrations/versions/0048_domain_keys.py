"""keys for DKIM that replace others"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"

ROLE = "mandant_application"
PURPOSES = ("OWNERSHIP", "DKIM", "SPF", "DMARC", "RETURN_PATH", "TRACKING")


def upgrade() -> None:
    op.add_column(
        "domain_keys",
        sa.Column("next_selector", sa.Text(), comment="Of the key that will replace this one."),
    )
    op.add_column("domain_keys", sa.Column("next_public_key", sa.Text()))
    op.add_column("domain_keys", sa.Column("next_private_key", sa.LargeBinary()))
    op.create_check_constraint(
        op.f("ck_domain_keys_next_key"),
        "domain_keys",
        "num_nulls(next_selector, next_public_key, next_private_key) IN (0, 3)",
    )
    op.drop_constraint(op.f("ck_domain_records_purpose"), "domain_records")
    purposes = ", ".join(f"'{purpose}'" for purpose in (*PURPOSES[:2], "DKIM_NEXT", *PURPOSES[2:]))
    op.create_check_constraint(
        op.f("ck_domain_records_purpose"), "domain_records", f"purpose IN ({purposes})"
    )
    columns = "selector, public_key, private_key, next_selector, next_public_key, next_private_key"
    op.execute(f"GRANT UPDATE ({columns}) ON domain_keys TO {ROLE}")
