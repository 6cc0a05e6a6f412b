"""E-mail to be sent: written with the change that causes it, sent after the commit. A reference table."""

from sqlalchemy import Index, Integer, Text, Uuid, text

from models.base.columns import Column, created_at, moment
from models.base.planes import control_table

outbox_messages = control_table(
    "outbox_messages",
    Column("id", Uuid, primary_key=True),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, comment="Forgotten once sent: it holds a secret link."),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("last_error", Text),
    moment("next_attempt_at"),
    moment("sent_at"),
    created_at(),
    Index(None, "created_at"),
    Index("ix_outbox_messages_waiting", "id", postgresql_where=text("sent_at IS NULL")),
)
