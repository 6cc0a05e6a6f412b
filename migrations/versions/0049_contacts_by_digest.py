"""contacts are found by the digest of an address"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    for name in ("email_digest", "phone_digest"):
        op.create_index(
            f"ix_contacts_{name}",
            "contacts",
            ["master_id", "account_id", name],
            unique=False,
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
