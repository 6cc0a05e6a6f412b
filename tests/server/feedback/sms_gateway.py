"""The gateway of SMS, which tells a server what became of messages, and an account that it tells of."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.messages.events import message_events
from models.sending.tables import SendStream
from models.statistics.tables import statistic_deltas
from server.transports.webhook_signature import signature_headers
from tests.client.api import Api
from tests.world.messages import give_sms, message_id
from tests.world.suppressions import ago, streams
from tests.world.world import Account, Member, World

SECRET = b"the secret of the gateway"
OTHER_SECRET = b"the secret of another one"
NUMBER, SENDER = "+46701234567", "+46700000000"
Told = list[tuple[str, str]]


@dataclass(frozen=True)
class Gateway:
    """It tells what it knows."""

    client: httpx.AsyncClient

    async def post(
        self,
        body: bytes,
        secret: bytes = SECRET,
        at: datetime.datetime | None = None,
        key: str = "request-1",
        **headers: str,
    ) -> httpx.Response:
        """A signed request with this body."""
        signed = signature_headers((secret,), key, body, at or datetime.datetime.now(datetime.UTC))
        named = {"content-type": "application/json"} | signed
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post("/sms/events", content=body, headers=named)

    async def tell(self, *events: object) -> list[str]:
        """The outcomes."""
        answer = await self.post(orjson.dumps({"events": events}))
        assert answer.status_code == 200, answer.text
        return [each["outcome"] for each in answer.json()["outcomes"]]


@dataclass(frozen=True)
class Shop:
    """An account of a test's own, with numbers of its own, and who looks into it."""

    account: Account
    owner: Member
    number: str
    sender: str

    def answer(self, text: str = "STOP", at: str = "", **more: Any) -> dict[str, Any]:
        """The recipient answers."""
        at = at or ago(seconds=1)
        return {"type": "answer", "from": self.number, "to": self.sender, "text": text, "at": at, **more}


_made = iter(range(10_000))


async def make_shop(world: World, account: Account | None = None) -> Shop:
    account = account or await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    number = next(_made)
    return Shop(account, owner, f"+4670174{number:04}", f"+4670074{number:04}")


async def sent(world: World, shop: Shop, **more: Any) -> uuid.UUID:
    return await give_sms(world, shop.account, shop.number, **{"sender": shop.sender, **more})


def receipt_of(shop: Shop, key: uuid.UUID, status: str = "DELIVERED", **more: Any) -> dict[str, Any]:
    id_ = message_id(shop.account, key, SendStream.MARKETING)
    return {"type": "receipt", "id": id_, "status": status, "at": ago(seconds=1), **more}


async def events_of_account(database: AsyncEngine, shop: Shop) -> Told:
    event = message_events.c
    found = select(event.kind, event.diagnostic).where(event.account_id == shop.account.key)
    async with database.connect() as connection:
        return sorted((row.kind, row.diagnostic or "") for row in await connection.execute(found))


async def counted(database: AsyncEngine, shop: Shop) -> dict[str, int]:
    delta = statistic_deltas.c
    number = func.sum(delta.number)
    found = select(delta.kind, number).where(delta.account_id == shop.account.key).group_by(delta.kind)
    async with database.connect() as connection:
        return {row[0]: int(row[1]) for row in await connection.execute(found)}


async def open_streams(api: Api, shop: Shop) -> str:
    """The streams on which the number can be sent to."""
    return await streams(api, shop.owner, shop.account, shop.number)
