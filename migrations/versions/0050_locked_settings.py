"""locks of settings in an index of their own"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    op.create_index(
        "ix_settings_locked",
        "settings",
        ["master_id", "account_id", "setting"],
        unique=False,
        postgresql_where=sa.text("locked"),
    )
