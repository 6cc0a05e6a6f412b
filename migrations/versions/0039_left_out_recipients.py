"""reservations tell who was left out of them"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    for name in ("blocked", "unsubscribed", "bounced"):
        comment = "Left out, as the next two: on a block list." if name == "blocked" else None
        op.add_column(
            "send_reservations",
            sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False, comment=comment),
        )
    digests: sa.Column[list[bytes]] = sa.Column(
        "left_out", sa.ARRAY(sa.LargeBinary()), comment="The digests of these, if a request named them."
    )
    op.add_column("send_reservations", digests)
    op.add_column(
        "send_reservations", sa.Column("left_out_by", sa.ARRAY(sa.Text()), comment="The cause of each.")
    )
    op.create_check_constraint(
        op.f("ck_send_reservations_left_out"),
        "send_reservations",
        "blocked >= 0 AND unsubscribed >= 0 AND bounced >= 0",
    )
    op.create_check_constraint(
        op.f("ck_send_reservations_left_out_by"),
        "send_reservations",
        "cardinality(left_out) IS NOT DISTINCT FROM cardinality(left_out_by)",
    )
