"""Who is not sent to, and why: the one definition, for the send path and for `deliverability` (N8).

It is SQL of the data plane. The control plane hands over what that does not know: the path of the account,
whose block entries count, and what an unsubscribe applies to.
"""

import enum
import functools
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    DateTime,
    Integer,
    LargeBinary,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.elements import CollectionAggregate

from models.accounts.trees import NAMED, columns_of, in_account
from models.base.ids import AccountId, MasterId
from models.block_list.tables import block_entries
from models.sending.tables import SendStream
from models.staff.overrides import UnsubscribeScope
from models.suppressions.tables import bounces, unsubscribes


class Exclusion(enum.Enum):
    """Why an address is not sent to. Of several, the first one counts."""

    BLOCK_LIST = "BLOCK_LIST"
    UNSUBSCRIBE = "UNSUBSCRIBE"
    BOUNCE = "BOUNCE"


EXCLUDED_BY: Mapping[SendStream, tuple[Exclusion, ...]] = {
    SendStream.MARKETING: (Exclusion.BLOCK_LIST, Exclusion.UNSUBSCRIBE, Exclusion.BOUNCE),
    SendStream.TRANSACTIONAL: (Exclusion.BLOCK_LIST, Exclusion.BOUNCE),
}
"""What counts on each stream. Whoever unsubscribes still gets receipts and passwords."""


@dataclass(frozen=True)
class Sender:
    """An account that would send, as the control plane knows it. `path`: itself and all above it.
    `list_ids`: the contact lists that it would send to."""

    master_id: MasterId
    account_id: AccountId
    path: Sequence[AccountId]
    unsubscribe_scope: UnsubscribeScope
    list_ids: Sequence[uuid.UUID] = ()


def asked_of(sender: Sender, digests: Collection[bytes]) -> dict[str, Any]:
    """The values that `exclusions` names."""
    return {
        **columns_of(sender),
        _DIGESTS.key: list(digests),
        _PATH.key: list(sender.path),
        _LISTS.key: list(sender.list_ids),
    }


def exclusions(scope: UnsubscribeScope, causes: Sequence[Exclusion]) -> CompoundSelect[Any]:
    """All that excludes each `digest`: `cause` (its place in Exclusion, from 0), `account_id` (whose it is),
    `reason`, `since`, `list_id`. Its values are those of `asked_of`. `scope`: of the sender's
    unsubscribes."""
    arms = {
        Exclusion.BLOCK_LIST: _blocked(),
        Exclusion.UNSUBSCRIBE: _unsubscribed(scope),
        Exclusion.BOUNCE: _bounced(),
    }
    return union_all(*[arms[cause] for cause in causes])


@functools.cache
def first_exclusions(scope: UnsubscribeScope, causes: tuple[Exclusion, ...]) -> Select[Any]:
    """Each `digest` that is excluded, once, with its first `cause`. Its values are those of `asked_of`."""
    found = exclusions(scope, causes).subquery("found")
    return select(found.c.digest, func.min(found.c.cause).label("cause")).group_by(found.c.digest)


_DIGESTS = bindparam("digests", type_=ARRAY(LargeBinary))
_PATH = bindparam("path", type_=ARRAY(Uuid))
_LISTS = bindparam("contact_list_ids", type_=ARRAY(Uuid))


def _asked() -> CollectionAggregate[bool]:
    """Any of the digests that are asked about. As an array, an index is searched by it. As rows, PostgreSQL
    would join a hundred thousand with all entries. Behind a sub-select it does not look at each of them while
    it plans."""
    return any_(cast(select(_DIGESTS).scalar_subquery(), ARRAY(LargeBinary)))


def _blocked() -> Select[Any]:
    entry = block_entries.alias()
    why = _why(Exclusion.BLOCK_LIST, entry.c.reason, entry.c.created_at, null())
    return select(entry.c.digest, entry.c.account_id, *why).where(
        entry.c.master_id == NAMED.master_id, entry.c.digest == _asked(), entry.c.account_id == any_(_PATH)
    )


def _unsubscribed(scope: UnsubscribeScope) -> Select[Any]:
    left = unsubscribes.alias()
    why = _why(Exclusion.UNSUBSCRIBE, null(), left.c.unsubscribed_at, left.c.contact_list_id)
    found = select(left.c.digest, left.c.account_id, *why).where(
        in_account(left, NAMED), left.c.digest == _asked(), left.c.resubscribed_at.is_(None)
    )
    if scope is UnsubscribeScope.ACCOUNT:
        return found
    of_list = left.c.contact_list_id == any_(_LISTS)
    return found.where(or_(left.c.contact_list_id.is_(None), of_list))


def _bounced() -> Select[Any]:
    bounced = bounces.alias()
    why = _why(Exclusion.BOUNCE, bounced.c.excluded_by, bounced.c.excluded_at, null())
    return select(bounced.c.digest, bounced.c.account_id, *why).where(
        in_account(bounced, NAMED), bounced.c.digest == _asked(), bounced.c.excluded_at.is_not(None)
    )


def _why(
    cause: Exclusion,
    reason: ColumnElement[Any],
    since: ColumnElement[Any],
    list_id: ColumnElement[Any],
) -> Sequence[ColumnElement[Any]]:
    place = literal_column(str(list(Exclusion).index(cause)), Integer)
    return (
        place.label("cause"),
        cast(reason, Text).label("reason"),
        cast(since, DateTime(timezone=True)).label("since"),
        cast(list_id, Uuid).label("list_id"),
    )
