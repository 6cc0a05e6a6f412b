"""The account that sends, as `resolvers.suppressions.exclusions` has to know it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from engine.database.snapshot import Reader
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import NAMED, Place, columns_of, in_tree, this_account
from models.base.ids import AccountId, MasterId
from models.staff.overrides import UnsubscribeScope
from resolvers.block_list.reads import SeenPath, path_in, seen_path
from resolvers.staff.overrides import unsubscribe_scope_of
from resolvers.suppressions.exclusions import Sender


@dataclass(frozen=True)
class SeenSender:
    """A sender, and what the viewer may do on its path."""

    sender: Sender
    path: SeenPath


async def read_sender(session: WriteSession, place: Place, list_ids: Sequence[uuid.UUID] = ()) -> Sender:
    """The sender, for a write that has locked its path. `list_ids`: the contact lists that it sends to."""
    (row,) = await _SENDER.rows(session, columns_of(place))
    return Sender(
        MasterId(place.master_id),
        AccountId(place.account_id),
        row["path"],
        UnsubscribeScope(row["scope"]),
        list_ids,
    )


def _sender() -> FixedStatement:
    path = account_closure.alias()
    above = select(path.c.ancestor_id).where(in_tree(path, accounts, descendant_id="id")).correlate(accounts)
    return FixedStatement(
        select(
            func.array(above.scalar_subquery()).label("path"), unsubscribe_scope_of(accounts).label("scope")
        ).where(this_account(accounts, NAMED))
    )


_SENDER = _sender()


async def read_seen_sender(
    reader: Reader, account_id: AccountId, list_ids: Sequence[uuid.UUID] = ()
) -> SeenSender | None:
    """The sender, for somebody who asks. `list_ids`: the contact lists that it would send to. None: it
    is outside the viewer's reach."""
    above, statement = seen_path(account_id)
    rows = await reader.rows(statement.add_columns(unsubscribe_scope_of(above).label("scope")))
    path = path_in(account_id, rows)
    if path is None:
        return None
    scope = UnsubscribeScope(rows[0]["scope"])
    sender = Sender(MasterId(path.master_id), account_id, list(path.masks), scope, list_ids)
    return SeenSender(sender, path)
