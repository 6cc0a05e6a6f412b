"""Results of writes that a client may retry with the same idempotency key (T17)."""

from sqlalchemy import Index, LargeBinary, PrimaryKeyConstraint, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from models.base.columns import Column, account_columns, account_reference, created_at
from models.base.planes import control_table

idempotency_records = control_table(
    "idempotency_records",
    *account_columns(),
    Column("principal_id", Uuid, nullable=False, comment="The person or the key that asked."),
    Column("key", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("request_digest", LargeBinary, nullable=False, comment="SHA-256 of the input"),
    Column("result", JSONB, nullable=False),
    created_at(),
    PrimaryKeyConstraint("master_id", "account_id", "principal_id", "key"),
    account_reference(),
    Index(None, "created_at"),
)
