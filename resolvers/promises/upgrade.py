"""Built-in roles that a release widens, held to what accounts have promised. Part of `mandant migrate`.

No request asks for that change, so no event holds it to the promises. All of them are asked: a key that
stopped with its maker may work again by a permission that it does not give itself.
"""

import uuid
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    Row,
    Uuid,
    exists,
    func,
    insert,
    literal_column,
    select,
    text,
    true,
)
from sqlalchemy.types import TypeEngine

from authz.policy.permissions import permissions_in
from authz.reach.everybody import holders_beside, path_to
from models.accounts.trees import in_tree
from models.base.ids import Kind, new_id, present
from models.effects.events import events
from models.promises.tables import access_promise_exceptions, access_promises
from resolvers.effects.event_types import EventType

_SHOWN = 3
_IDS: TypeEngine[Any] = ARRAY(Uuid)


class PromisesInTheWayError(Exception):
    """The built-in roles of the release give somebody what accounts have promised to others alone. The
    message says which promises."""


def hold_wider_roles(connection: Connection, reason: str | None) -> None:
    """Look for promises that do not hold any more, now that roles are wider. Without a reason raise
    PromisesInTheWayError. For a reason, whoever has the permission is an exception of the promise from now
    on, as for an owner's reason, and the log of the account tells so.
    """
    # Each change of access reads this table, so those that have begun are waited for, and later ones see the
    # new roles.
    connection.execute(text("LOCK TABLE access_promises IN ACCESS EXCLUSIVE MODE"))
    rows = connection.execute(_broken()).all()
    if not rows:
        return
    if reason is None:
        raise PromisesInTheWayError(_told(rows))
    for _, found in groupby(rows, key=lambda row: row.id):
        _except(connection, list(found), reason)


def _broken() -> Any:
    """Who has what a promise keeps from them, the oldest promise first: rows (master_id, account_id, id,
    permission, holder_id)."""
    promise, excepted = access_promises.alias("promise"), access_promise_exceptions.alias()
    found = holders_beside(
        path_to(literal_column("promise.master_id", Uuid), literal_column("promise.account_id", Uuid)),
        literal_column("promise.permission", BigInteger),
        literal_column("promise.role_ids", _IDS),
    ).lateral("found")
    holder_id = func.coalesce(found.c.user_id, found.c.api_key_id)
    own = in_tree(excepted, promise, promise_id="id")
    return (
        select(
            promise.c.master_id,
            promise.c.account_id,
            promise.c.id,
            promise.c.permission,
            holder_id.label("holder_id"),
        )
        .select_from(promise.join(found, true()))
        .where(
            promise.c.ended_at.is_(None),
            ~exists(select(excepted.c.promise_id).where(own, excepted.c.holder_id == holder_id)),
        )
        .order_by(promise.c.id, holder_id)
    )


def _told(rows: Sequence[Row[Any]]) -> str:
    """Of the first few the account and the permission."""
    broken = {row.id: row for row in rows}
    named = list(map(_named, list(broken.values())[:_SHOWN]))
    more = "" if len(broken) <= _SHOWN else f" and {len(broken) - _SHOWN} more"
    return f"{', '.join(named)}{more}"


def _named(row: Row[Any]) -> str:
    (permission,) = permissions_in(row.permission)
    promise_id, account_id = present(Kind.ACCESS_PROMISE, row.id), present(Kind.ACCOUNT, row.account_id)
    return f"{promise_id} about {permission.name} in {account_id}"


def _except(connection: Connection, found: Sequence[Row[Any]], reason: str) -> None:
    promise = found[0]
    own: dict[str, uuid.UUID] = {"master_id": promise.master_id, "promise_id": promise.id}
    connection.execute(
        insert(access_promise_exceptions),
        [{**own, "holder_id": row.holder_id, "reason": reason} for row in found],
    )
    (permission,) = permissions_in(promise.permission)
    connection.execute(
        insert(events).values(
            master_id=promise.master_id,
            account_id=promise.account_id,
            id=new_id(),
            type=EventType.PROMISE_EXCEPTED.value,
            subject_id=present(Kind.ACCESS_PROMISE, promise.id),
            after={"permission": permission.name, "exceptions": len(found)},
            reason=reason,
        )
    )
