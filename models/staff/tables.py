"""Platform staff (R88): people outside the trees. Reference tables that only the owner writes."""

import enum

from sqlalchemy import ForeignKey, Index, Text, Uuid

from models.accounts.tables import one_of
from models.base.columns import Column, created_at
from models.base.planes import control_table


class StaffRole(enum.Enum):
    """The role of a person in the platform's staff."""

    AGENT = "AGENT"
    APPROVER = "APPROVER"


class StaffChangeKind(enum.Enum):
    """How a person's place in the staff changed."""

    ADDED = "ADDED"
    ROLE_CHANGED = "ROLE_CHANGED"
    REMOVED = "REMOVED"


staff = control_table(
    "staff",
    Column("user_id", Uuid, ForeignKey("users.id"), primary_key=True),
    Column("role", Text, nullable=False),
    created_at(),
    one_of("role", StaffRole),
    comment="It gives no reach into any tree.",
)

staff_changes = control_table(
    "staff_changes",
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("role", Text, nullable=False, comment="Given, or held until then."),
    Column("made_by", Text, nullable=False, comment="Who ran the command, on that machine."),
    created_at(),
    one_of("kind", StaffChangeKind),
    one_of("role", StaffRole),
    Index(None, "user_id"),
    comment="Rows are only ever added, by the owner; the application may not even read them.",
)
