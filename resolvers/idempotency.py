"""Writes that a client may repeat: the same key gives the first answer again (T17)."""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from authz.guard import Authorized
from authz.principals import Principal
from authz.refusals import Refusal, RefusalCode
from models.idempotency import idempotency_records

LONGEST_KEY = 200

Outcome = dict[str, str]
"""What a write made: ids by name."""


@dataclass(frozen=True)
class IdempotentRequest:
    """A write under a key: `content` is everything that decides what it does."""

    operation: str
    key: str
    content: tuple[Any, ...]

    def digest(self) -> bytes:
        """Two requests are the same if this is."""
        return hashlib.sha256(orjson.dumps([self.operation, *self.content], default=str)).digest()


async def earlier_outcome(
    session: AsyncSession, principal: Principal, account: Authorized, request: IdempotentRequest
) -> Outcome | None:
    """What the same request made before, if it was made. The account is locked, so two at once cannot both
    find nothing. Raises IDEMPOTENCY_MISMATCH where the key was used for something else."""
    if not 1 <= len(request.key) <= LONGEST_KEY:
        message = f"Must have 1 to {LONGEST_KEY} characters."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "idempotencyKey")
    record = idempotency_records
    statement = select(record.c.request_digest, record.c.result).where(
        record.c.master_id == account.master_id,
        record.c.account_id == account.account_id,
        record.c.principal_id == principal.id,
        record.c.key == request.key,
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    if row.request_digest != request.digest():
        raise Refusal(RefusalCode.IDEMPOTENCY_MISMATCH, field="idempotencyKey")
    outcome: Outcome = row.result
    return outcome


async def remember(
    session: AsyncSession,
    principal: Principal,
    account: Authorized,
    request: IdempotentRequest,
    outcome: Outcome,
) -> None:
    """Keep what the request made, in the transaction that made it."""
    await session.execute(
        insert(idempotency_records).values(
            master_id=account.master_id,
            account_id=account.account_id,
            principal_id=principal.id,
            key=request.key,
            operation=request.operation,
            request_digest=request.digest(),
            result=outcome,
        )
    )
