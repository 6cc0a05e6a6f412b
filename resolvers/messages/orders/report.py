"""What a client tells of orders that messages brought: each with its own outcome (R61)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind
from authz.guards.shared_lock import authorize_shared
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import this_account
from models.base.ids import AccountId
from models.sending.tables import SendStream
from models.statistics.tables import StatisticKind
from resolvers.credit.reads import currency_of
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_account
from resolvers.messages.events.sent import check_not_before
from resolvers.messages.orders.given import Labeled, OfCampaign, OfMessage, Origin, ReadOrder
from resolvers.messages.orders.keys import claim_keys
from resolvers.messages.orders.origins import Known, find_known
from resolvers.sending.permissions import SEND_PERMISSIONS
from resolvers.statistics.count import Counted, Source, count, note_counted


@dataclass(frozen=True, kw_only=True)
class OrdersReport:
    """Orders of one account and stream; of what is wrong with one, that."""

    account_id: AccountId
    stream: SendStream
    orders: Sequence[ReadOrder | Refusal]


Outcome = bool | Refusal
"""Whether the order is new; False: it was told before."""

_FIELDS = {OfMessage: "messageId", OfCampaign: "campaignId", Labeled: "label"}


async def report_orders(session: WriteSession, principal: Principal, command: OrdersReport) -> list[Outcome]:
    """Count those that are new. One that is wrong, or of nothing that is known, stops no other.

    Needs the permission to send on the stream. It gives nothing, so it is allowed in any status of the
    account.
    """
    permission = SEND_PERMISSIONS[command.stream]
    account = await authorize_shared(session, principal, command.account_id, permission, WriteKind.TAKES_AWAY)
    read = {index: each for index, each in enumerate(command.orders) if isinstance(each, ReadOrder)}
    outcomes: dict[int, Outcome] = {
        index: each for index, each in enumerate(command.orders) if isinstance(each, Refusal)
    }
    known = await find_known(session, account, command.stream, {each.origin for each in read.values()})
    currency = await _currency(session, account)
    outcomes |= {
        index: refusal
        for index, order in read.items()
        if (refusal := _refused(order, known, currency)) is not None
    }
    right = {index: order for index, order in read.items() if index not in outcomes}
    if right:
        outcomes |= await _take(session, principal, account, command.stream, right, known)
    return [outcomes[index] for index in range(len(command.orders))]


def _refused(order: ReadOrder, known: Mapping[Origin, Known], currency: str) -> Refusal | None:
    if order.currency.value != currency:
        message = f"All amounts of the account are in {currency}."
        return Refusal(RefusalCode.BAD_USER_INPUT, message, "currency")
    origin = known.get(order.origin)
    if origin is None and isinstance(order.origin, Labeled):
        message = "The account has sent nothing with this label on this channel and stream."
        return Refusal(RefusalCode.NOT_FOUND, message, _FIELDS[Labeled])
    if origin is None:
        return NotFound(_FIELDS[type(order.origin)])
    if origin.fault is None and origin.since is not None:
        try:
            check_not_before(origin.since, order.happened_at)
        except Refusal as refusal:
            return refusal
    return origin.fault


async def _currency(session: WriteSession, account: Authorized) -> str:
    """Of all amounts in the tree."""
    statement = select(currency_of(accounts)).where(this_account(accounts, account))
    return str((await session.execute(statement)).scalar_one())


async def _take(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    stream: SendStream,
    orders: Mapping[int, ReadOrder],
    known: Mapping[Origin, Known],
) -> dict[int, Outcome]:
    async with in_data_plane(session, account):
        claimed = await claim_keys(session, account, list(orders.values()))
        outcomes = dict(zip(orders, claimed, strict=True))
        new = [order for index, order in orders.items() if outcomes[index] is True]
        counted = [
            _counted(order, known[order.origin].source) for order in new if not known[order.origin].is_test
        ]
        await count(session, account, counted)
    if counted:
        await note_counted(session, account)
    if new:
        await _log(session, principal, account, stream, new)
    return outcomes


def _counted(order: ReadOrder, source: Source) -> Counted:
    """What is given back is no order."""
    return Counted(
        source=source,
        kind=StatisticKind.REVENUE,
        happened_at=order.happened_at,
        number=int(order.amount >= 0),
        amount=order.amount,
    )


async def _log(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    stream: SendStream,
    orders: Sequence[ReadOrder],
) -> None:
    returns = sum(order.amount < 0 for order in orders)
    after: Change = {"stream": stream.value, "orders": len(orders) - returns, "returns": returns}
    await record_of_account(session, principal, account, EventType.ORDERS_REPORTED, None, after)
