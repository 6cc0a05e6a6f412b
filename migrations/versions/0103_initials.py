"""the initials of people, by ICU"""

import sqlalchemy as sa
from alembic import op

revision = "0103"
down_revision = "0102"


def upgrade() -> None:
    # What stands in it until `mandant migrate` has made the forms, in the same transaction.
    op.add_column("users", sa.Column("initials", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.alter_column("users", "initials", server_default=None)
    op.execute("DELETE FROM text_forms")


def downgrade() -> None:
    op.drop_column("users", "initials")
