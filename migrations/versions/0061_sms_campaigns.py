"""campaigns by SMS"""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"

SMS = "num_nonnulls(sms_sender, most_parts) = CASE WHEN channel = 'SMS' THEN 2 ELSE 0 END"


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("sms_sender", sa.Text(), comment="Whom an SMS comes from."))
    op.add_column(
        "campaigns",
        sa.Column("most_parts", sa.BigInteger(), comment="Of an SMS: the sends that each is paid as."),
    )
    op.create_check_constraint(op.f("ck_campaigns_sms"), "campaigns", SMS)
    op.create_check_constraint(op.f("ck_campaigns_most_parts"), "campaigns", "most_parts BETWEEN 1 AND 10")
    op.execute("GRANT UPDATE (channel, sms_sender, most_parts) ON campaigns TO mandant_application")
