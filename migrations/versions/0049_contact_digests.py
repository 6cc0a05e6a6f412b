"""contacts by what unsubscribes and bounces know of them"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0047"


def upgrade() -> None:
    for digest in ("email_digest", "phone_digest"):
        op.create_index(
            f"ix_contacts_{digest}",
            "contacts",
            ["master_id", "account_id", digest],
            postgresql_where=sa.text(f"{digest} IS NOT NULL"),
        )
