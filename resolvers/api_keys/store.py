"""The row of an API key: read behind the lock of its account, written and logged."""

import datetime

from sqlalchemy import ColumnElement, Row, false, func, select, update

from authz.callers.principals import Principal, key_works
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import row_of
from models.api_keys.tables import api_keys
from models.base.ids import ApiKeyId, Kind, present
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record

KeyRow = Row[*tuple[object, ...]]


async def locked_key(
    session: WriteSession,
    principal: Principal,
    api_key_id: ApiKeyId,
    write_kind: WriteKind = WriteKind.CHANGES,
    until: ColumnElement[datetime.datetime] = api_keys.c.expires_at,
) -> tuple[Authorized, KeyRow]:
    """The key and its account, locked. Needs API_KEYS_WRITE. `until`: when what is given or taken ends, by
    the key's columns. Raises NotFound and what `authorize` raises."""
    named = api_keys.c.id == api_key_id
    account_id = select(api_keys.c.account_id).where(named).scalar_subquery()
    end = select(until).where(named).scalar_subquery()
    account = await authorize(
        session, principal, account_id, Permission.API_KEYS_WRITE, write_kind, until=end
    )
    expired = func.coalesce(api_keys.c.expires_at <= func.now(), false()).label("expired")
    statement = select(api_keys, expired).where(row_of(api_keys, account, api_key_id))
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("apiKeyId")
    return account, row


def check_not_revoked(key: KeyRow) -> None:
    """Raise FAILED_PRECONDITION for a revoked key: revoking is final."""
    if key.revoked_at is not None:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "The key is revoked.", "apiKeyId")


def check_not_expired(key: KeyRow) -> None:
    """Raise FAILED_PRECONDITION for a key that is revoked or has expired."""
    check_not_revoked(key)
    if key.expired:
        message = "The key has expired: set another end with `apiKeyUpdate` first."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "apiKeyId")


async def check_works(session: WriteSession, key: KeyRow) -> None:
    """Raise FAILED_PRECONDITION for a key that is revoked, has expired, or has stopped with its creator's
    rights."""
    check_not_expired(key)
    works = select(key_works(api_keys)).where(row_of(api_keys, key, key.id))
    if not (await session.execute(works)).scalar_one():
        message = "The key has stopped with its creator's rights: adopt it with `apiKeyAdopt` first."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "apiKeyId")


async def write_key(session: WriteSession, key: KeyRow, values: dict[str, object]) -> None:
    """Write the columns' new values and raise the version."""
    await session.send_built(
        update(api_keys).where(row_of(api_keys, key, key.id)).values(**values, version=api_keys.c.version + 1)
    )


async def log_key(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    kind: EventType,
    key: KeyRow,
    before: Change,
    after: Change | None = None,
) -> None:
    """Write the event into the account's log."""
    await record(session, principal, account, kind, present(Kind.API_KEY, key.id), before, after)
