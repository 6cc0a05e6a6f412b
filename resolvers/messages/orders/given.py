"""Orders as a client gives them. Each is checked by itself: one that is wrong stops no other."""

import datetime
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from authz.policy.refusals import NotFound, Refusal, RefusalCode
from models.accounts.tables import Currency
from models.base.ids import AccountId, CampaignId, Kind, parse, parse_in_account
from models.messages.orders import LONGEST_ORDER_KEY
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from resolvers.inputs.labels import compared_label
from resolvers.inputs.text import short_text
from resolvers.messages.ids import KINDS
from resolvers.suppressions.reports import past_moment

MOST_ORDERS = 1_000
"""Of one request."""

LARGEST_ORDER = 10**15
"""In micro-units."""

OLDEST = datetime.timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class GivenOrder:
    """As it was given."""

    key: str
    occurred_at: datetime.datetime
    amount: int
    currency: Currency
    message_id: str | None
    campaign_id: str | None
    label: str | None
    channel: MessageChannel | None


@dataclass(frozen=True)
class Labeled:
    """All messages of a channel with a label, in the form that is compared."""

    label: str
    channel: MessageChannel


@dataclass(frozen=True)
class OfMessage:
    """One message."""

    id: uuid.UUID


@dataclass(frozen=True)
class OfCampaign:
    """One campaign."""

    id: CampaignId


Origin = OfMessage | OfCampaign | Labeled
"""What brought an order."""


@dataclass(frozen=True, kw_only=True)
class ReadOrder:
    """Nothing in it is wrong by itself. A negative `amount` gives something back."""

    key: str
    digest: bytes
    happened_at: datetime.datetime
    amount: int
    currency: Currency
    origin: Origin


def check_number_of(given: Sequence[object]) -> None:
    """Raise BAD_USER_INPUT unless there are 1 to MOST_ORDERS."""
    if not 1 <= len(given) <= MOST_ORDERS:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Give 1 to {MOST_ORDERS:,}.", "orders")


def read_order(account_id: AccountId, stream: SendStream, given: GivenOrder) -> ReadOrder | Refusal:
    """The order, or what is wrong with it."""
    try:
        return _read(account_id, stream, given)
    except Refusal as refusal:
        return refusal


def _read(account_id: AccountId, stream: SendStream, given: GivenOrder) -> ReadOrder:
    key = short_text(given.key, "key", LONGEST_ORDER_KEY)
    happened_at = past_moment(given.occurred_at)
    if happened_at < datetime.datetime.now(datetime.UTC) - OLDEST:
        message = f"Must lie at most {OLDEST.days} days back."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "occurredAt")
    if abs(given.amount) > LARGEST_ORDER:
        message = f"Must be at most {LARGEST_ORDER:,} micro-units, in either direction."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "amount")
    origin = _origin(account_id, stream, given)
    said = (
        stream.value,
        given.message_id,
        given.campaign_id,
        (origin.label, origin.channel.value) if isinstance(origin, Labeled) else None,
        given.amount,
        given.currency.value,
        happened_at,
    )
    return ReadOrder(
        key=key,
        digest=hashlib.sha256(orjson.dumps(said)).digest(),
        happened_at=happened_at,
        amount=given.amount,
        currency=given.currency,
        origin=origin,
    )


def _origin(account_id: AccountId, stream: SendStream, given: GivenOrder) -> Origin:
    if [given.message_id, given.campaign_id, given.label].count(None) != 2:
        message = "Give one of `messageId`, `campaignId`, and `label` with `channel`."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message)
    if (given.label is None) != (given.channel is None):
        message = "Give it with `label`, and with nothing else."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "channel")
    if given.label is not None and given.channel is not None:
        return Labeled(compared_label(given.label), given.channel)
    if given.message_id is not None:
        return OfMessage(_message(account_id, stream, given.message_id))
    return OfCampaign(_campaign(stream, given.campaign_id or ""))


def _message(account_id: AccountId, stream: SendStream, text: str) -> uuid.UUID:
    found = parse_in_account(KINDS[stream], text)
    if found is None or found.account_id != account_id:
        raise NotFound("messageId")
    return found.id


def _campaign(stream: SendStream, text: str) -> CampaignId:
    """Campaigns send marketing alone."""
    found = parse(Kind.CAMPAIGN, text)
    if found is None or stream is not SendStream.MARKETING:
        raise NotFound("campaignId")
    return CampaignId(found)
