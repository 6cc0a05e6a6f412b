"""Devices that people signed in from. Each holds a secret that identifies it. A reference table."""

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, Uuid

from models.base.columns import Column, created_at, moment
from models.base.planes import control_table

devices = control_table(
    "devices",
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the secret"),
    moment("expires_at", nullable=False),
    created_at(),
    UniqueConstraint("digest"),
    Index(None, "user_id"),
    Index(None, "expires_at"),
)
