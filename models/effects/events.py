"""The one log of changes, by whom and on whose behalf (N17). Rows are only ever added."""

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from models.base.columns import (
    Column,
    account_columns,
    account_reference,
    created_at,
    short_text,
    short_text_check,
)
from models.base.planes import control_table
from models.effects.log_numbers import transaction_number

events = control_table(
    "events",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    transaction_number(),
    Column("type", Text, nullable=False, comment="Such as member.invited."),
    Column("actor_user_id", Uuid, ForeignKey("users.id")),
    Column("actor_api_key_id", Uuid),
    Column("actor_token_id", Uuid, comment="The narrowed token that acted in the actor's name."),
    Column("actor_account_id", Uuid, comment="The account that gave the actor the right (R54)."),
    Column(
        "staff_user_id",
        Uuid,
        ForeignKey("users.id"),
        comment="Of platform staff; never shown in the account.",
    ),
    Column("subject_id", Text, nullable=False, comment="The global id of what was changed."),
    Column("before", JSONB),
    Column("after", JSONB),
    short_text("reason", nullable=True),
    created_at(),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    short_text_check("reason"),
    Index("ix_events_id", "id"),
    Index("ix_events_account_id_id", "account_id", "id"),
    Index("ix_events_in_order", "master_id", "account_id", "transaction_id", "id"),
    Index("ix_events_of_tree_in_order", "master_id", "transaction_id"),
    Index("ix_events_subject_id", "master_id", "subject_id", "id"),
    *(
        Index(f"ix_events_{actor}", "master_id", actor, "id", postgresql_where=text(f"{actor} IS NOT NULL"))
        for actor in ("actor_user_id", "actor_api_key_id")
    ),
)
