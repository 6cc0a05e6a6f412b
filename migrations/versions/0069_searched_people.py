"""people are searched by name, too"""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"


def upgrade() -> None:
    # What stands in it until `mandant migrate` has made the forms, in the same transaction.
    op.add_column("users", sa.Column("search_key", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.alter_column("users", "search_key", server_default=None)
    op.execute("DELETE FROM text_forms")
