"""profiles of people: language, time zone, and when a person was deleted"""

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0065"


def upgrade() -> None:
    op.add_column("users", sa.Column("language", sa.Text(), nullable=True, comment="A BCP 47 tag."))
    op.add_column("users", sa.Column("time_zone", sa.Text(), nullable=True, comment="An IANA name."))
    op.add_column("users", sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False))
    op.add_column(
        "users",
        sa.Column(
            "deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Since then name and address are pseudonyms.",
        ),
    )
