"""who rotated an API key last; grants tell when they end"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

ROLE = "mandant_application"


_FROM_THE_LOG = """
UPDATE api_keys SET rotator_user_id = last.actor_user_id, rotator_api_key_id = last.actor_api_key_id
FROM (
  SELECT DISTINCT ON (master_id, subject_id) master_id, subject_id, actor_user_id, actor_api_key_id
  FROM events WHERE kind = 'api_key.rotated' ORDER BY master_id, subject_id, id DESC
) AS last
WHERE last.master_id = api_keys.master_id AND last.subject_id = 'akey_' || api_keys.id
"""


def upgrade() -> None:
    op.add_column(
        "api_keys",
        sa.Column("rotator_user_id", sa.Uuid(), comment="Who rotated it last, if anybody."),
    )
    op.add_column("api_keys", sa.Column("rotator_api_key_id", sa.Uuid()))
    op.create_foreign_key(
        op.f("fk_api_keys_rotator_user_id"), "api_keys", "users", ["rotator_user_id"], ["id"]
    )
    op.execute(f"GRANT UPDATE (rotator_user_id, rotator_api_key_id) ON api_keys TO {ROLE}")
    op.execute(_FROM_THE_LOG)
    # `mandant migrate` writes the function, which returns one column more.
    op.execute("DROP FUNCTION IF EXISTS further_grants(uuid)")
