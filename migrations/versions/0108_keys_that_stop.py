"""which API keys stop with their maker is found by an index"""

from alembic import op

revision = "0108"
down_revision = "0105"

STOPPING = "api_keys ({}) WHERE when_maker_loses_access = 'STOP'"


def upgrade() -> None:
    maker = STOPPING.format("coalesce(adopter_user_id, creator_user_id)")
    op.execute(f"CREATE INDEX ix_api_keys_stopping_with_user ON {maker}")
    op.execute(f"CREATE INDEX ix_api_keys_stopping_with_key ON {STOPPING.format('creator_api_key_id')}")


def downgrade() -> None:
    op.drop_index("ix_api_keys_stopping_with_key")
    op.drop_index("ix_api_keys_stopping_with_user")
