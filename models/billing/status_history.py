"""When an account was suspended, resumed or closed, by the clock of billing.

The log of events shows the same to people, by the database's own clock.
"""

from sqlalchemy import Index, PrimaryKeyConstraint, Text, Uuid

from models.accounts.tables import AccountStatus, one_of
from models.base.columns import Column, account_columns, account_reference, moment
from models.base.planes import control_table

account_status_changes = control_table(
    "account_status_changes",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    moment("holds_from", nullable=False),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    one_of("status", AccountStatus),
    Index("ix_account_status_changes_account_id", "account_id", "holds_from", "id"),
    comment="Without one an account is active.",
)
