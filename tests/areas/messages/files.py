"""Files that messages bring: uploaded as clients do, and written straight into the database."""

import hashlib
import uuid
from typing import Any

import httpx
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base.ids import Kind, new_id, present_in_account
from models.messages.attachments import attachments, message_attachments
from resolvers.messages.store import TRIED_FOR
from tests.client.api import Api, Caller
from tests.world.world import Account, World

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n\0\x01\x02\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(50)


async def upload_file(
    api: Api,
    caller: Caller | None,
    account: Account,
    content: bytes = PDF,
    name: str = "Invoice.pdf",
    content_type: str | None = "application/octet-stream",
) -> httpx.Response:
    """Upload a file for the account."""
    headers = {} if content_type is None else {"content-type": content_type}
    if caller is not None:
        headers["authorization"] = f"Bearer {caller.token}"
    query = {"accountId": account.id, "name": name}
    return await api.http.post("/attachments", params=query, content=content, headers=headers)


async def uploaded_file(api: Api, caller: Caller, account: Account, *given: Any, **more: Any) -> str:
    """The id of a file whose upload must succeed."""
    response = await upload_file(api, caller, account, *given, **more)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def give_attachment(
    world: World, account: Account, message: uuid.UUID | None = None, content: bytes = PDF, **more: Any
) -> uuid.UUID:
    """The account has a file. `message`: the one that brings it."""
    key = new_id()
    place: dict[str, Any] = {"master_id": account.master, "account_id": account.key}
    file: dict[str, Any] = {"name": f"{key.hex}.pdf", "type": "application/pdf", "size": len(content)}
    stored: dict[str, Any] = {"content": content, "digest": hashlib.sha256(key.bytes).digest()}
    stored |= {"expires_at": func.now() + TRIED_FOR, "needed_until": func.now() + 2 * TRIED_FOR, **more}
    async with world.database.begin() as connection:
        await connection.execute(insert(attachments).values(**place, id=key, **file, **stored))
        if message is not None:
            named = {"id": message, "position": 0, "attachment_id": key}
            await connection.execute(insert(message_attachments).values(**place, **named, **file))
    return key


async def files_of(database: AsyncEngine, account: Account) -> dict[str, bytes]:
    """What is in the account's files, by their names."""
    found = select(attachments.c.name, attachments.c.content).where(attachments.c.account_id == account.key)
    async with database.connect() as connection:
        return {row.name: bytes(row.content) for row in await connection.execute(found)}


def attachment_id(account: Account, key: uuid.UUID) -> str:
    """As clients see it."""
    return present_in_account(Kind.ATTACHMENT, account.key, key)
