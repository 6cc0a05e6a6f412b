"""Uploaded lists of recipients, as their viewers see them (N11).

A list belongs to one account and ends after a day. Until then it can be used for any number of sends. It is
deleted an hour after its end, so that no running statement loses rows.
"""

from typing import Annotated, Any

from sqlalchemy import FromClause, Select, or_, select

from authz.reach.reach import account_where
from models.base.ids import AccountId, Kind, RecipientListId
from models.sending.recipient_lists import recipient_lists
from models.sending.tables import SendStream
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import account_behind
from resolvers.sending.lists.recipient_rows import is_open
from resolvers.sending.permissions import SEND_PERMISSIONS


def size_for_viewer(account_id: AccountId, list_id: RecipientListId, stream: SendStream) -> Select[Any]:
    """How many recipients (`recipients`) a list of the account has, for a viewer who may send on the stream;
    no row: the viewer sees no such list."""
    stored = recipient_lists.alias()
    return select(stored.c.recipients).where(
        stored.c.id == list_id,
        stored.c.account_id == account_id,
        is_open(stored),
        account_where(stored, SEND_PERMISSIONS[stream]),
    )


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.RECIPIENT_LIST)]) -> Select[Any]:
    """A list of an account where the viewer may send, until it ends."""
    stored = recipient_lists.alias()
    seen = or_(*[account_where(stored, permission) for permission in SEND_PERMISSIONS.values()])
    return select(*stored.c).where(stored.c.id == id, is_open(stored), seen)


def account_of(stored: FromClause) -> Select[Any]:
    """The account that the list belongs to; null if it is outside your reach."""
    return account_behind(stored)
