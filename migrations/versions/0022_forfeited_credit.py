"""credit that is given up, and what closed accounts still hold"""

from alembic import op

revision = "0022"
down_revision = "0027"

KINDS = ("TRANSFER", "TOP_UP", "SETTLEMENT", "SEND", "FORFEITURE")


def upgrade() -> None:
    allowed = ", ".join(f"'{kind}'" for kind in KINDS)
    name = op.f("ck_ledger_transactions_kind")
    op.drop_constraint(name, "ledger_transactions", type_="check")
    op.create_check_constraint(name, "ledger_transactions", f"kind IN ({allowed})")
