"""budgets of requests, which all processes share"""

import sqlalchemy as sa
from alembic import op

revision = "0092"
down_revision = "0090"


def upgrade() -> None:
    op.create_table(
        "cost_budgets",
        sa.Column("subject", sa.Text(), nullable=False, comment="Whose budget it is, such as a tree."),
        sa.Column(
            "level",
            sa.BigInteger(),
            nullable=False,
            comment="What was left then; below 0 where more was spent.",
        ),
        sa.Column("most", sa.BigInteger(), nullable=False, comment="What a full budget has."),
        sa.Column("rate", sa.BigInteger(), nullable=False, comment="What is restored each second."),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_cost_budgets")),
    )
    op.create_index("ix_cost_budgets_settled_at", "cost_budgets", ["settled_at"])
    op.execute("GRANT SELECT, INSERT, UPDATE ON cost_budgets TO mandant_application")
