"""events of a tree in order"""

from alembic import op

revision = "0088"
down_revision = "0086"


def upgrade() -> None:
    op.create_index("ix_events_of_tree", "events", ["master_id", "transaction_id", "id"])
