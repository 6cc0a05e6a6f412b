"""How long people who are in a tree stay signed in. The sessions are in `models.people.sessions`."""

from sqlalchemy import CheckConstraint, Integer, PrimaryKeyConstraint

from models.base.columns import Column, account_columns, account_reference
from models.base.planes import control_table

SHORTEST_IDLE_MINUTES = 5
LONGEST_MINUTES = 30 * 24 * 60
"""No session lasts longer than 30 days."""

session_limits = control_table(
    "session_limits",
    *account_columns(),
    Column("idle_minutes", Integer, comment="A session ends when it was not used for as long."),
    Column("maximum_minutes", Integer, comment="A session ends so long after the sign-in."),
    PrimaryKeyConstraint("master_id", "account_id"),
    account_reference(),
    CheckConstraint("account_id = master_id", name="of_master"),
    CheckConstraint(
        f"idle_minutes BETWEEN {SHORTEST_IDLE_MINUTES} AND {LONGEST_MINUTES}", name="idle_minutes"
    ),
    CheckConstraint(
        f"maximum_minutes BETWEEN {SHORTEST_IDLE_MINUTES} AND {LONGEST_MINUTES}", name="maximum_minutes"
    ),
    CheckConstraint("idle_minutes IS NOT NULL OR maximum_minutes IS NOT NULL", name="content"),
    comment="Of a master account, for everybody who is a member or guest in its tree.",
)
