"""erasing a person erases the source of a block entry"""

from alembic import op

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    op.execute("GRANT UPDATE (source) ON block_entries TO mandant_data")
