"""Which promise a change would break, as far as whoever asks may know."""

import uuid
from dataclasses import dataclass

from sqlalchemy import select

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


@dataclass(frozen=True)
class Broken:
    """As `mandant_check_promises` and `mandant_check_offer` tell it. `holder_id`: the first person or API key
    that would break it; None: whoever gets what is offered."""

    promise_id: uuid.UUID
    holder_id: uuid.UUID | None

    @classmethod
    def read(cls, detail: str) -> "Broken":
        """From the detail of the database's error."""
        promise_id, *holder_ids = map(uuid.UUID, detail.split())
        return cls(promise_id, next(iter(holder_ids), None))


async def refusal_of(session: WriteSession, principal: Principal, broken: Broken) -> Refusal:
    """PROMISE_BROKEN, in words that name the promise, its account and the person, for callers with
    MEMBERS_READ in that account. API keys are not named."""
    await enter(session, principal.credentials)
    promise, account, person = access_promises.alias(), accounts.alias(), users.alias()
    holder = select(person.c.name).where(person.c.id == broken.holder_id).scalar_subquery()
    seen = (
        select(account.c.name, promise.c.permission, holder.label("holder"))
        .join(account, in_tree(account, promise, id="account_id"))
        .where(promise.c.id == broken.promise_id, account_where(promise, Permission.MEMBERS_READ))
    )
    row = (await session.execute(seen, principal.credentials.binds)).one_or_none()
    if row is None:
        return Refusal(RefusalCode.PROMISE_BROKEN)
    (permission,) = permissions_in(row.permission)
    promise_id = present(Kind.ACCESS_PROMISE, broken.promise_id)
    promised = f"which has promised it to some roles alone: {promise_id}."
    would = f"would have {permission.name} in {row.name}, {promised}"
    if broken.holder_id is None:
        way = f"Offer less; an owner of {row.name} can give more, with a reason in the request's extensions."
        return Refusal(RefusalCode.PROMISE_BROKEN, f"Once it is accepted, somebody {would} {way}")
    who = "An API key" if row.holder is None else row.holder
    way = f"An owner of {row.name} can do it with a reason in the request's extensions."
    return Refusal(RefusalCode.PROMISE_BROKEN, f"{who} {would} {way}")
