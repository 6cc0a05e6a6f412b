"""Lists of recipients for tests: uploaded as clients do, and written straight into the database."""

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base.ids import Kind, new_id, present
from models.sending.recipient_lists import recipient_list_parts, recipient_lists
from tests.client.api import Api, Caller
from tests.world.world import Account, World


def addresses(*names: str) -> str:
    """A list of these names at one domain."""
    return "".join(f"{name}@example.com\n" for name in names)


async def upload(
    api: Api,
    caller: Caller | None,
    account: Account,
    content: str | bytes,
    form: str = "ADDRESSES",
    content_type: str = "text/plain",
) -> httpx.Response:
    """Upload a list for the account."""
    headers = {"content-type": content_type}
    if caller is not None:
        headers["authorization"] = f"Bearer {caller.token}"
    query = {"accountId": account.id, "form": form}
    return await api.http.post("/recipients", params=query, content=content, headers=headers)


async def uploaded(api: Api, caller: Caller, account: Account, content: str) -> str:
    """The id of a list whose upload must succeed."""
    response = await upload(api, caller, account, content)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def code_of(response: httpx.Response) -> str:
    """The status and the code with which an upload was refused; `201` if it was not."""
    if response.status_code == httpx.codes.CREATED:
        return "201"
    (error,) = response.json()["errors"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    return f"{response.status_code} {error['extensions']['code']}"


@dataclass(frozen=True)
class RecipientList:
    """A list in the database."""

    key: uuid.UUID

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(Kind.RECIPIENT_LIST, self.key)


async def give_list(world: World, account: Account, digests: Iterable[bytes] = (b"0" * 16,)) -> RecipientList:
    """The account has uploaded a list of these, which are sorted."""
    made, found = RecipientList(new_id()), list(digests)
    place = {"master_id": account.master, "account_id": account.key}
    async with world.database.begin() as connection:
        await connection.execute(
            insert(recipient_lists).values(
                **place,
                id=made.key,
                recipients=len(found),
                expires_at=func.now() + datetime.timedelta(days=1),
            )
        )
        await connection.execute(
            insert(recipient_list_parts).values(
                master_id=account.master, list_id=made.key, part=0, digests=found
            )
        )
    return made


async def let_lists_end(database: AsyncEngine, account: Account, **ago: int) -> None:
    """The account's lists ended so long ago."""
    stored = recipient_lists.c
    ended = func.now() - datetime.timedelta(**ago)
    async with database.begin() as connection:
        statement = update(recipient_lists).where(stored.account_id == account.key)
        await connection.execute(statement.values(expires_at=ended))


async def lists_of(database: AsyncEngine, account: Account) -> dict[str, list[Any]]:
    """What is stored of the account's lists: their digests by their ids."""
    stored, part = recipient_lists.c, recipient_list_parts.c
    statement = (
        select(stored.id, part.digests)
        .join(recipient_list_parts, part.list_id == stored.id, isouter=True)
        .where(stored.account_id == account.key)
        .order_by(stored.id, part.part)
    )
    found: dict[str, list[Any]] = {}
    async with database.connect() as connection:
        for row in await connection.execute(statement):
            found.setdefault(present(Kind.RECIPIENT_LIST, row.id), []).extend(row.digests or [])
    return found
