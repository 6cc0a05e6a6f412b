"""keys for tests"""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"


def upgrade() -> None:
    op.add_column(
        "api_keys", sa.Column("is_test", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
