"""Which promise a change would break, as far as whoever asks may know."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Uuid, any_, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from authz.callers.principals import Principal
from authz.policy.permissions import Permission, permissions_in
from authz.policy.refusals import Refusal, RefusalCode
from authz.reach.reach import account_where
from authz.wall.row_security import enter
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import in_tree
from models.base.ids import Kind, present
from models.people.users import users
from models.promises.tables import access_promises
from models.roles.tables import roles

_UNSEEN = (
    "Somebody would have a permission that the account, or one below it, has promised to some roles alone. "
    "Which one is told to callers with MEMBERS_READ there."
)
_ACCEPTING = (
    "Accept it with a reason in the request's extensions. If it was promised since the ownership was "
    "offered, an owner has to offer it again first, with a reason."
)
"""Whoever accepts an ownership is no owner yet."""
_ENDING = "No reason makes up for that: give less, or end the promise first, with `accessPromiseEnd`."
"""Of other offers: whoever accepts them has no say in the promise."""


@dataclass(frozen=True)
class Broken:
    """As `mandant_check_promises`, `mandant_check_offer` and `mandant_check_ownership` tell it. `permission`:
    its mask. `holder_id`: the first person or API key that would break it; None: whoever gets what is
    offered."""

    promise_id: uuid.UUID
    master_id: uuid.UUID
    account_id: uuid.UUID
    permission: int
    holder_id: uuid.UUID | None

    @classmethod
    def read(cls, detail: str) -> "Broken":
        """From the detail of the database's error."""
        promise_id, master_id, account_id, permission, *holder_ids = detail.split()
        holder_id = next(iter(holder_ids), None)
        return cls(
            uuid.UUID(promise_id),
            uuid.UUID(master_id),
            uuid.UUID(account_id),
            int(permission),
            None if holder_id is None else uuid.UUID(holder_id),
        )


async def refusal_of(session: WriteSession, principal: Principal, broken: Broken, mutation: str) -> Refusal:
    """PROMISE_BROKEN, in words that name the promise, its account and the person, for callers with
    MEMBERS_READ in that account, and that say what can be done. API keys are not named."""
    await enter(session, principal.credentials)
    row = await _seen(session, principal, broken)
    accepting = mutation == "ownershipAccept"
    if row is None:
        offered = _ENDING if broken.holder_id is None else None
        way = _ACCEPTING if accepting else offered
        return Refusal(RefusalCode.PROMISE_BROKEN, None if way is None else f"{_UNSEEN} {way}")
    (permission,) = permissions_in(broken.permission)
    by_owner = "with a reason in the request's extensions"
    if broken.holder_id is None:
        who, way = "Once it is accepted, somebody", _ENDING
    elif mutation == "ownershipTransfer":
        who = f"Once it is accepted, {row.holder}"
        way = f"An owner of {row.account} itself can offer it all the same, {by_owner}."
    else:
        who = "An API key" if row.holder is None else row.holder
        way = f"An owner of {row.account} itself can do it {by_owner}."
    if row.roles is None:
        has = f"{who} has {permission.name} in {row.account} already, by no role that you name."
        excepted = "Then the promise leaves out whoever has it already."
        return Refusal(RefusalCode.PROMISE_BROKEN, f"{has} {way} {excepted}")
    promise_id = present(Kind.ACCESS_PROMISE, broken.promise_id)
    would = f"would have {permission.name} in {row.account}, which has promised it to"
    message = f"{who} {would} {', '.join(row.roles)} alone: {promise_id}. {_ACCEPTING if accepting else way}"
    return Refusal(RefusalCode.PROMISE_BROKEN, message)


async def _seen(session: WriteSession, principal: Principal, broken: Broken) -> Row[*tuple[Any, ...]] | None:
    """The names of the account, of the person and of the promise's roles; no roles of a promise that was not
    made. None: the caller may not know them."""
    place = select(
        literal(broken.master_id, Uuid).label("master_id"),
        literal(broken.account_id, Uuid).label("account_id"),
    ).subquery("place")
    account = accounts.alias()
    of_place = in_tree(account, place, id="account_id")
    holder = select(users.c.name).where(users.c.id == broken.holder_id).scalar_subquery()
    names: Any = aggregate_order_by(roles.c.name, roles.c.name)
    promise = access_promises.c
    promised_to = (
        select(func.array_agg(names))
        .select_from(roles.join(access_promises, roles.c.id == any_(promise.role_ids)))
        .where(promise.master_id == broken.master_id, promise.id == broken.promise_id)
        .scalar_subquery()
    )
    statement = (
        select(account.c.name.label("account"), holder.label("holder"), promised_to.label("roles"))
        .select_from(place.join(account, of_place))
        .where(account_where(place, Permission.MEMBERS_READ))
    )
    return (await session.execute(statement, principal.credentials.binds)).one_or_none()
