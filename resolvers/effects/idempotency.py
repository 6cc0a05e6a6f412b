"""Idempotency keys: a request that is repeated under the same key gets the first outcome again (T17)."""

import datetime
import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, LargeBinary, Text, Uuid, bindparam, cast, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account
from models.effects.idempotency import idempotency_records

LONGEST_KEY = 200

Outcome = dict[str, str]
"""The ids that a write made, by name."""


@dataclass(frozen=True)
class IdempotentRequest:
    """A request under a key. `content` holds everything that decides what it does, normalised: moments in
    UTC, sets in any order, texts and addresses in the form that is compared."""

    operation: str
    key: str
    content: tuple[Any, ...]

    def digest(self) -> bytes:
        """Two requests are the same if their digests are equal."""
        values = [self.operation, *map(_meaning, self.content)]
        return hashlib.sha256(orjson.dumps(values, default=str)).digest()


def _meaning(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        try:
            return value.astimezone(datetime.UTC)
        except (OverflowError, ValueError):  # beyond the calendar, or without a zone there: refused elsewhere
            return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    return value


async def claim_key(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    request: IdempotentRequest,
    outcome: Outcome,
) -> Outcome | None:
    """Store under the request's key what it is about to make. None: it is new; else what it made before.

    The account is authorized as WriteKind.REPEATABLE: what was done is answered again in any status, and what
    is new has to be allowed by it. Of two requests at once the second waits for the end of the first, whether
    or not they lock the account. Raises IDEMPOTENCY_MISMATCH where the key was used for another request,
    BAD_USER_INPUT for a blank one or its length, and for what is new ACCOUNT_SUSPENDED and ACCOUNT_CLOSED.
    """
    if not request.key.strip() or len(request.key) > LONGEST_KEY:
        message = f"Must have 1 to {LONGEST_KEY} characters, and not only spaces."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "idempotencyKey")
    if await _CLAIM.rows(session, _record(principal, account, request, outcome)):
        account.check_changeable()
        return None
    record = idempotency_records
    statement = select(record.c.request_digest, record.c.result).where(
        in_account(record, account), record.c.principal_id == principal.id, record.c.key == request.key
    )
    row = (await session.execute(statement)).one()
    if row.request_digest != request.digest():
        raise Refusal(RefusalCode.IDEMPOTENCY_MISMATCH, field="idempotencyKey")
    earlier: Outcome = row.result
    return earlier


def _record(
    principal: Principal, account: Authorized, request: IdempotentRequest, outcome: Outcome
) -> dict[str, object]:
    return {
        **columns_of(account),
        "principal_id": principal.id,
        "key": request.key,
        "operation": request.operation,
        "request_digest": request.digest(),
        "result": orjson.dumps(outcome).decode(),
    }


_RECORD: dict[str, ColumnElement[Any]] = {
    "master_id": bindparam("master_id", type_=Uuid()),
    "account_id": bindparam("account_id", type_=Uuid()),
    "principal_id": bindparam("principal_id", type_=Uuid()),
    "key": bindparam("key", type_=Text()),
    "operation": bindparam("operation", type_=Text()),
    "request_digest": bindparam("request_digest", type_=LargeBinary()),
    "result": cast(bindparam("result", type_=Text()), JSONB),
}
_CLAIM = FixedStatement(
    upsert(idempotency_records)
    .from_select(list(_RECORD), select(*_RECORD.values()))
    .on_conflict_do_nothing()
    .returning(idempotency_records.c.operation)
)
