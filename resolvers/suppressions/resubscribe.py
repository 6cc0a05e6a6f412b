"""A contact that subscribes again lifts its own unsubscribe, and never a block (R68, T27)."""

import datetime
import enum
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, literal, select, update
from sqlalchemy.types import DateTime, LargeBinary

from authz.callers.principals import Principal
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import Place, in_account, this_account
from models.base.ids import AccountId
from models.staff.overrides import UnsubscribeScope
from models.suppressions.tables import unsubscribes
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record_of_account
from resolvers.inputs.addresses import Address, AddressFault
from resolvers.settings.phone_country import in_default_country
from resolvers.staff.overrides import unsubscribe_scope_of
from resolvers.suppressions.lists import known_lists


class ResubscribeOutcome(enum.Enum):
    """What became of the unsubscribe."""

    RESUBSCRIBED = "RESUBSCRIBED"
    NOT_UNSUBSCRIBED = "NOT_UNSUBSCRIBED"
    STILL_UNSUBSCRIBED = "STILL_UNSUBSCRIBED"


@dataclass(frozen=True)
class Resubscription:
    """Of one contact. `evidence`: how it agreed. `list_id`: what it subscribed to; None: the account."""

    account_id: AccountId
    address: Address | AddressFault
    list_id: uuid.UUID | None
    evidence: str


@dataclass(frozen=True)
class _Unsubscribe:
    id: uuid.UUID
    list_id: uuid.UUID | None
    unsubscribed_at: datetime.datetime


async def resubscribe(
    session: WriteSession, principal: Principal, command: Resubscription
) -> ResubscribeOutcome:
    """Lift the unsubscribes of the address. Where platform support has set that they apply to the list
    concerned, a re-subscription to a list lifts that of this list alone.

    Needs CONTACTS_WRITE. Raises BAD_USER_INPUT for what is no address, NOT_FOUND for what is no list.
    """
    account = await authorize_shared(session, principal, command.account_id, Permission.CONTACTS_WRITE)
    (address,) = await in_default_country(session, account, [command.address])
    if isinstance(address, AddressFault):
        raise Refusal(RefusalCode.BAD_USER_INPUT, address.message, "address")
    list_id = command.list_id if await scope_of(session, account) is UnsubscribeScope.LIST else None
    async with in_data_plane(session, account):
        if command.list_id is not None and not await known_lists(session, account, {command.list_id}):
            raise NotFound("contactListId")
        standing = await _lock(session, account, address.digest)
        lifted = [each.id for each in standing if list_id is None or each.list_id == list_id]
        await _lift(session, account, lifted, command.evidence, func.now())
    if lifted:
        await record_of_account(
            session, principal, account, EventType.CONTACT_RESUBSCRIBED, {"unsubscribes": len(lifted)}
        )
    of_all = any(each.list_id is None and each.id not in lifted for each in standing)
    if of_all:
        return ResubscribeOutcome.STILL_UNSUBSCRIBED
    return ResubscribeOutcome.RESUBSCRIBED if lifted else ResubscribeOutcome.NOT_UNSUBSCRIBED


async def lift_before(
    session: WriteSession, account: Place, digest: bytes, at: datetime.datetime, evidence: str
) -> int:
    """Lift the unsubscribes of the address that are older than its consent, and say how many. The caller is
    in the data plane."""
    standing = await _lock(session, account, digest)
    older = [each.id for each in standing if each.unsubscribed_at < at]
    await _lift(session, account, older, evidence, literal(at, DateTime(timezone=True)))
    return len(older)


async def scope_of(session: WriteSession, place: Place) -> UnsubscribeScope:
    """What an unsubscribe applies to in the account now (R77)."""
    statement = select(unsubscribe_scope_of(accounts)).where(this_account(accounts, place))
    return UnsubscribeScope((await session.execute(statement)).scalar_one())


async def _lock(session: WriteSession, account: Place, digest: bytes) -> list[_Unsubscribe]:
    """Those that stand, locked in the order in which they are made."""
    stored = unsubscribes.c
    statement = (
        select(stored.id, stored.contact_list_id, stored.unsubscribed_at)
        .where(
            in_account(unsubscribes, account),
            stored.digest == literal(digest, LargeBinary),
            stored.resubscribed_at.is_(None),
        )
        .order_by(stored.contact_list_id.nulls_first())
        .with_for_update()
    )
    rows = await session.execute(statement)
    return [_Unsubscribe(row.id, row.contact_list_id, row.unsubscribed_at) for row in rows]


async def _lift(
    session: WriteSession,
    account: Place,
    ids: list[uuid.UUID],
    evidence: str,
    at: ColumnElement[datetime.datetime],
) -> None:
    stored = unsubscribes.c
    if ids:
        await session.send_built(
            update(unsubscribes)
            .where(in_account(unsubscribes, account), stored.id.in_(ids))
            .values(resubscribed_at=func.greatest(at, stored.unsubscribed_at), evidence=evidence)
        )
