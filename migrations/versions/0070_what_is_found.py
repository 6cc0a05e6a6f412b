"""invitations are found by their address, events by what they are about and by who made them"""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"


def upgrade() -> None:
    op.create_index(
        "ix_invitations_email_canonical",
        "invitations",
        ["email_canonical"],
        postgresql_where=sa.text("accepted_at IS NULL AND revoked_at IS NULL"),
    )
    op.create_index("ix_events_subject_id", "events", ["master_id", "subject_id", "id"])
    for actor in ("actor_user_id", "actor_api_key_id"):
        op.create_index(
            f"ix_events_{actor}",
            "events",
            ["master_id", actor, "id"],
            postgresql_where=sa.text(f"{actor} IS NOT NULL"),
        )
