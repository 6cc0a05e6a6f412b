"""What one side of an account's link to its parent asks of the other."""

import datetime

from engine.declare.codecs import enum_of
from engine.declare.declarations import column, entity
from models.accounts.tables import ParentAccess
from models.parent_access.requests import parent_access_requests


@entity(parent_access_requests, key=("account_id",))
class ParentAccessRequest:
    """A change of an account's `parentAccess` that waits for the side that loses by it: it is accepted or
    declined by `parentAccessAnswer`."""

    parent_access: ParentAccess = column(codec=enum_of(ParentAccess), description="What is asked for.")
    reason: str = column(description="Why, as who asked says it.")
    from_above: bool = column(
        description="True: the parent asks, and the account answers. False: the account asks."
    )
    requested_at: datetime.datetime = column(description="When.")
    expires_at: datetime.datetime = column(description="Until when it can be answered.")
