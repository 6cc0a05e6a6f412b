"""Holds what an event tells of to the promises of accounts (N13): changes of access, and offers of it.

The stored functions `mandant_check_promises`, `mandant_check_offer` and `mandant_check_ownership` see what
the transaction wrote. They travel with the next statement, so they take no trip.
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import ARRAY, Text, Uuid, bindparam, func

from authz.callers.actors import Actor
from authz.guards.exclusive import Authorized
from authz.offers.broken_promises import (
    INVITATION,
    OFFER_KINDS,
    OWNERSHIP_OFFER,
    PARENT_ACCESS_REQUEST,
    SHARE,
    OfferKind,
)
from engine.writes.fixed_statements import FixedCall
from engine.writes.sessions import WriteSession
from models.base.ids import id_within
from resolvers.effects.access_told import MAY_GIVE_ACCESS
from resolvers.effects.event_types import EventType

OFFERS_ACCESS = {
    EventType.MEMBER_INVITED: INVITATION,
    EventType.SHARE_CREATED: SHARE,
    EventType.SHARE_UPDATED: SHARE,
    EventType.OWNERSHIP_OFFERED: OWNERSHIP_OFFER,
    EventType.PARENT_ACCESS_REQUESTED: PARENT_ACCESS_REQUEST,
}
"""Events of what may give access once somebody accepts it, which was written before. The event's subject is
the offer, or the account that has at most one."""


async def hold_to_promises(
    session: WriteSession,
    actor: Actor,
    event_type: EventType,
    subject_id: str,
    tree: uuid.UUID,
    changed: Sequence[uuid.UUID],
    told: str | None,
) -> None:
    """Refuse with PROMISE_BROKEN what the event tells of, where it breaks a promise or offers to.

    `told`: the reason, for which owners may break their account's promises. Of offers those of ownership
    alone can be made for a reason: an owner accepts them, who can give one too.
    """
    by = {"tree": tree, "actor": actor.user_id}
    if event_type in MAY_GIVE_ACCESS:
        await _CHECK_PROMISES.send(session, {**by, "changed": list(changed), "told": told})
    kind = OFFERS_ACCESS.get(event_type)
    if kind is OWNERSHIP_OFFER:
        await _CHECK_OWNERSHIP.send(session, {**by, "offered": id_within(subject_id), "told": told})
    elif kind is not None:
        await _CHECK_OFFER[kind].send(session, {"tree": tree, "offer": id_within(subject_id)})


async def refuse_ownership(session: WriteSession, actor: Actor, account: Authorized) -> None:
    """Refuse with PROMISE_BROKEN an ownership that breaks a promise which no reason was given for, as it is
    accepted: whatever reason the new owner gives."""
    values = {"tree": account.master_id, "offered": account.account_id, "actor": actor.user_id, "told": None}
    await _CHECK_OWNERSHIP.send(session, values)


_BY = bindparam("actor", type_=Uuid()), bindparam("told", type_=Text())
_TREE = bindparam("tree", type_=Uuid())
_CHECK_PROMISES = FixedCall(
    func.mandant_check_promises(_TREE, bindparam("changed", type_=ARRAY(Uuid())), *_BY)
)


def _check_of(kind: OfferKind) -> FixedCall:
    broken = getattr(func, kind.function)(_TREE, bindparam("offer", type_=Uuid()))
    return FixedCall(func.mandant_check_offer(_TREE, broken))


_CHECK_OFFER = {kind: _check_of(kind) for kind in OFFER_KINDS if kind is not OWNERSHIP_OFFER}
_CHECK_OWNERSHIP = FixedCall(func.mandant_check_ownership(_TREE, bindparam("offered", type_=Uuid()), *_BY))
