"""sends apart from messages in statistics, and labels that are found whatever their case"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from engine.text.forms import compared

revision = "0065"
down_revision = "0064"

SUMS = ("statistics", "subtree_statistics", "recipient_statistics")


def upgrade() -> None:
    _count_sends()
    _compare_labels(op.get_bind())


def _count_sends() -> None:
    for table in ("statistic_deltas", *SUMS):
        comment = None if table in SUMS else "That the messages count as: the parts of SMS."
        op.add_column(
            table,
            sa.Column("sends", sa.BigInteger(), server_default="0", nullable=False, comment=comment),
        )
        op.alter_column(table, "sends", server_default=None)
    # What was counted before were sends. Nobody knows any more how many messages they were.
    op.execute("UPDATE statistic_deltas SET sends = number WHERE kind = 'SENT'")
    for table in SUMS:
        sums = sa.table(table, sa.column("sent"), sa.column("sends"))
        op.execute(sums.update().values(sends=sums.c.sent).where(sums.c.sent != 0))
    op.drop_constraint(op.f("ck_statistic_deltas_kind"), "statistic_deltas")
    op.create_check_constraint(
        op.f("ck_statistic_deltas_kind"),
        "statistic_deltas",
        "kind IN ('SENT', 'SENT_TO', 'FAILED', 'DELIVERED', 'HARD_BOUNCE', 'SOFT_BOUNCE', 'COMPLAINT', 'OPEN', "
        "'CLICK', 'UNSUBSCRIBE', 'REVENUE')",
    )


def _compare_labels(connection: Connection) -> None:
    for table in ("messages", "campaigns"):
        op.add_column(
            table,
            sa.Column("compared_label", sa.Text(), comment="The label in the form that is compared."),
        )
        rows = sa.table(table, sa.column("label", sa.Text), sa.column("compared_label", sa.Text))
        used = sa.select(rows.c.label).distinct().where(rows.c.label.is_not(None))
        for label in connection.execute(used).scalars().all():
            same = rows.update().where(rows.c.label == label)
            connection.execute(same.values(compared_label=compared(label)))
        op.create_check_constraint(
            op.f(f"ck_{table}_compared_label"), table, "(label IS NULL) = (compared_label IS NULL)"
        )
    op.drop_index("ix_messages_label", "messages")
    op.create_index(
        "ix_messages_compared_label",
        "messages",
        ["master_id", "account_id", "compared_label", "id"],
        postgresql_where=sa.text("compared_label IS NOT NULL"),
    )
    op.execute("GRANT UPDATE (compared_label) ON campaigns TO mandant_application")
