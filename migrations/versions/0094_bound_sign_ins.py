"""a sign-in with a company's service ends in the page that began it"""

import sqlalchemy as sa
from alembic import op

revision = "0094"
down_revision = "0092"


def upgrade() -> None:
    # They last for minutes. Who is on the way begins again.
    op.execute("DELETE FROM single_sign_on_attempts")
    op.execute("DELETE FROM single_sign_on_codes")
    for table in ("single_sign_on_attempts", "single_sign_on_codes"):
        op.add_column(
            table,
            sa.Column(
                "challenge",
                sa.LargeBinary(),
                nullable=False,
                comment="SHA-256 of what the page keeps that has begun.",
            ),
        )


def downgrade() -> None:
    for table in ("single_sign_on_attempts", "single_sign_on_codes"):
        op.drop_column(table, "challenge")
