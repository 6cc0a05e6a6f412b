"""Messages, written straight into the database, and asked for through the API."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.text.forms import compared
from models.base.ids import Kind, new_id, present_in_account
from models.messages.events import MessageEventKind, message_events
from models.messages.orders import order_keys
from models.messages.tables import (
    MessageChannel,
    MessageStatus,
    delivery_queues,
    message_bodies,
    message_keys,
    messages,
    sms_senders,
)
from models.sending.tables import SendStream
from resolvers.inputs.address_digests import digest_of
from resolvers.inputs.emails import email_address
from resolvers.messages.store import TRIED_FOR
from tests.client.api import Api, Caller
from tests.client.mutations import done
from tests.world.contacts import CONTACT_KEY
from tests.world.domains import give_domain
from tests.world.suppressions import ago
from tests.world.world import Account, World

EVENT_OUTCOMES = "outcomes { index isNew error { code message field } }"
OUTCOMES = "outcomes { index replayed message { id status } error { code message field } }"


async def give_sender(world: World, account: Account) -> str:
    """An address at a verified sending domain of the account."""
    return f"news@{(await give_domain(world, account, verified=True)).name}"


def mail(key: str, to: str = "ann@example.com", **more: Any) -> dict[str, Any]:
    """A message of an input."""
    return {"idempotencyKey": key, "to": to, "subject": "Hello", "text": "Hello!", **more}


async def send(
    api: Api, caller: Caller, account: Account, given: Sequence[dict[str, Any]], **more: Any
) -> list[dict[str, Any]]:
    """The outcomes of sending these."""
    values = {"accountId": account.id, "stream": "TRANSACTIONAL", "messages": list(given), **more}
    outcomes: list[dict[str, Any]] = (await done(api, "messageSend", caller, OUTCOMES, **values))["outcomes"]
    return outcomes


def message_row(
    key: uuid.UUID,
    to: str = "ann@example.com",
    *,
    body_id: uuid.UUID,
    stream: SendStream = SendStream.TRANSACTIONAL,
    status: MessageStatus = MessageStatus.WAITING,
    label: str | None = None,
) -> dict[str, Any]:
    """A message to this address, without its account."""
    canonical = email_address(to).canonical
    is_open = status in (MessageStatus.WAITING, MessageStatus.CLAIMED)
    return {
        "id": key,
        "channel": MessageChannel.EMAIL.value,
        "stream": stream.value,
        "label": label,
        "compared_label": None if label is None else compared(label),
        "is_test": False,
        "recipient": to,
        "recipient_canonical": canonical,
        "recipient_digest": digest_of(CONTACT_KEY, canonical),
        "body_id": body_id,
        "sender": "news@example.com",
        "sends": 1,
        "status": status.value,
        "due_at": func.now(),
        "expires_at": func.now() + TRIED_FOR,
        "attempts": 0,
        "claimed_at": func.now() if status is not MessageStatus.WAITING else None,
        "settled_at": None if is_open else func.now(),
    }


async def give_message(
    world: World,
    account: Account,
    to: str = "ann@example.com",
    *,
    stream: SendStream = SendStream.TRANSACTIONAL,
    status: MessageStatus = MessageStatus.WAITING,
    label: str | None = None,
    **more: Any,
) -> uuid.UUID:
    """The account has a message to this address."""
    key, body = new_id(), new_id()
    place: dict[str, Any] = {"master_id": account.master, "account_id": account.key}
    row = message_row(key, to, body_id=body, stream=stream, status=status, label=label) | more
    async with world.database.begin() as connection:
        said = {"id": body, "subject": "Hello", "text": "Hello!"}
        await connection.execute(insert(message_bodies).values(**place, **said))
        await connection.execute(insert(messages).values(**place, **row))
        named = {"key": key.hex, "digest": b"1", "id": key}
        await connection.execute(insert(message_keys).values(**place, **named))
    return key


async def give_event(
    world: World, account: Account, key: uuid.UUID, kind: MessageEventKind = MessageEventKind.OPEN
) -> None:
    """Something has happened to the message, for the first time, and a partner has told of it."""
    place: dict[str, Any] = {"master_id": account.master, "account_id": account.key, "id": new_id()}
    happened = {"message_id": key, "kind": kind.value, "happened_at": func.now(), "is_first": True}
    happened["key"] = f"{key.hex} {kind.value}"
    async with world.database.begin() as connection:
        await connection.execute(insert(message_events).values(**place, **happened))


def event(key: str, message: str = "", kind: str = "OPEN", **more: Any) -> dict[str, Any]:
    """An event of an input. `message`: its id; without one, something else is named."""
    named = {"messageId": message} if message else {}
    return {"key": key, "kind": kind, "occurredAt": ago(minutes=1), **named, **more}


async def report(
    api: Api, caller: Caller, account: Account, events: Sequence[dict[str, Any]], **more: Any
) -> list[dict[str, Any]]:
    """The outcomes of telling of these."""
    values = {"accountId": account.id, "stream": "TRANSACTIONAL", "events": list(events), **more}
    payload = await done(api, "messageEventsReport", caller, EVENT_OUTCOMES, **values)
    outcomes: list[dict[str, Any]] = payload["outcomes"]
    return outcomes


def order(key: str, amount: int = 20_000_000, **more: Any) -> dict[str, Any]:
    """An order of an input. `more` has what it is of."""
    return {"key": key, "occurredAt": ago(minutes=1), "amount": amount, "currency": "EUR", **more}


async def report_orders(
    api: Api, caller: Caller, account: Account, orders: Sequence[dict[str, Any]], **more: Any
) -> list[dict[str, Any]]:
    """The outcomes of telling of these."""
    values = {"accountId": account.id, "stream": "TRANSACTIONAL", "orders": list(orders), **more}
    payload = await done(api, "ordersReport", caller, EVENT_OUTCOMES, **values)
    outcomes: list[dict[str, Any]] = payload["outcomes"]
    return outcomes


async def give_order(world: World, account: Account) -> None:
    """A client has told of an order."""
    place: dict[str, Any] = {"master_id": account.master, "account_id": account.key}
    told = {"id": new_id(), "key": new_id().hex, "digest": b"1", "happened_at": func.now()}
    async with world.database.begin() as connection:
        await connection.execute(insert(order_keys).values(**place, **told))


async def give_queue(world: World, account: Account) -> None:
    """A worker has to look at the account's messages."""
    place: dict[str, Any] = {"master_id": account.master, "account_id": account.key}
    async with world.database.begin() as connection:
        await connection.execute(insert(delivery_queues).values(**place, due_at=func.now()))


async def give_sms(
    world: World,
    account: Account,
    to: str = "+46701234567",
    *,
    sender: str = "+46700000000",
    stream: SendStream = SendStream.MARKETING,
    status: MessageStatus = MessageStatus.SENT,
    **more: Any,
) -> uuid.UUID:
    """The account has written to this number from there."""
    phone: dict[str, Any] = {"recipient": to, "recipient_canonical": to}
    phone |= {"recipient_digest": digest_of(CONTACT_KEY, to), "sender": sender}
    phone |= {"channel": MessageChannel.SMS.value}
    await give_sms_sender(world, account, sender)
    return await give_message(world, account, stream=stream, status=status, **phone | more)


async def give_sms_sender(world: World, account: Account, sender: str) -> None:
    """SMS of the account came from there."""
    place: dict[str, Any] = {"master_id": account.master, "account_id": account.key}
    row = upsert(sms_senders).values(**place, sender=sender)
    async with world.database.begin() as connection:
        await connection.execute(row.on_conflict_do_nothing())


def message_id(account: Account, key: uuid.UUID, stream: SendStream = SendStream.TRANSACTIONAL) -> str:
    """As clients see it."""
    kind = Kind.TRANSACTIONAL_MESSAGE if stream is SendStream.TRANSACTIONAL else Kind.MARKETING_MESSAGE
    return present_in_account(kind, account.key, key)
