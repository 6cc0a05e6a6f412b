"""Ready tokens for the demo: kept in a file beside the database, used again while they are valid."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError
from sqlalchemy import BigInteger, exists, func, literal, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.callers.principals import Principal, credentials_of, principal_of
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.refusals import Refusal
from authz.reach.reach import PRINCIPAL
from authz.wall.row_security import enter
from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import AccountId
from models.base.locks import AdvisoryLock
from models.people.users import ownerships, users
from models.staff.tables import staff
from resolvers.api_keys.create import ApiKeyCreation, create_api_key
from resolvers.people.sign_in import open_session
from server.demo.story import AGENCY, SUPPORTER, DemoPerson
from server.embedded_postgres.folders import give_to_owner, make_folder

API_KEY_NAME = "Demo key"


@dataclass(frozen=True)
class DemoAccess:
    """An API key of the agency, and a session of one of its people in each role.

    `api_key` is None where the agency was changed so that its first owner may make no key any more.
    """

    api_key: str | None
    tokens: Mapping[BuiltinRole, str]
    staff_token: str | None
    """A session of the platform's staff; None where the person is staff no more."""


class _Kept(BaseModel):
    """The file's content."""

    api_key: str | None
    tokens: dict[str, str]
    staff_token: str | None = None


async def open_access(database: AsyncEngine, path: Path) -> DemoAccess:
    """The tokens of the file that are valid in this database. The others are made, and written to the
    file."""
    async with WriteSessions(database).begin() as session:
        # Two processes may start at once: the second waits, and finds in the file what the first has made.
        await session.execute(text("SET LOCAL lock_timeout = '5min'"))
        await session.execute(text("SET LOCAL statement_timeout = '5min'"))
        await session.execute(
            select(func.pg_advisory_xact_lock(literal(AdvisoryLock.DEMO_ACCESS, BigInteger)))
        )
        kept = _load(path)
        tokens = {
            member.role: await _token(session, member.person, kept.tokens.get(member.role, ""))
            for member in AGENCY.people
        }
        api_key = await _api_key(session, kept, tokens[BuiltinRole.OWNER])
        access = DemoAccess(api_key, tokens, await _staff_token(session, kept.staff_token or ""))
        if access != kept:
            _save(path, access)
    return access


async def _staff_token(session: WriteSession, kept: str) -> str | None:
    there = select(exists().where(staff.c.user_id == users.c.id, users.c.email_canonical == SUPPORTER.email))
    is_staff = (await session.execute(there)).scalar_one()
    return await _token(session, SUPPORTER, kept) if is_staff else None


async def _token(session: WriteSession, person: DemoPerson, token: str) -> str:
    statement = select(users.c.id).where(users.c.email_canonical == person.email)
    user_id = (await session.execute(statement)).scalar_one()
    principal = await _principal(session, token)
    if principal is not None and principal.user_id == user_id:
        return token
    return (await open_session(session, user_id)).token


async def _api_key(session: WriteSession, kept: DemoAccess, owner_token: str) -> str | None:
    if kept.api_key is not None and await _principal(session, kept.api_key) is not None:
        return kept.api_key
    owner = await _principal(session, owner_token)
    if owner is None:
        raise AssertionError("the owner's session was found or made just now")
    owned = select(ownerships.c.account_id).where(ownerships.c.user_id == owner.user_id)
    account_id = (await session.execute(owned)).scalar_one_or_none()
    if account_id is None:
        return None
    command = ApiKeyCreation(
        AccountId(account_id), API_KEY_NAME, BuiltinRole.ADMINISTRATOR.id, permissions=None, expires_at=None
    )
    try:
        return (await create_api_key(session, owner, command)).secret
    except Refusal:
        return None


async def _principal(session: WriteSession, token: str) -> Principal | None:
    credentials = credentials_of(token)
    if credentials is None:
        return None
    statement = select(PRINCIPAL.c.user_id, PRINCIPAL.c.api_key_id)
    await enter(session, credentials)
    row = (await session.execute(statement, credentials.binds)).one_or_none()
    return None if row is None else principal_of(credentials, *row)


def _load(path: Path) -> DemoAccess:
    try:
        kept = _Kept.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return DemoAccess(None, {}, None)
    tokens = {role: kept.tokens[role.name] for role in BuiltinRole if role.name in kept.tokens}
    return DemoAccess(kept.api_key, tokens, kept.staff_token)


def _save(path: Path, access: DemoAccess) -> None:
    """Readable by the folder's owner alone, and written whole or not at all."""
    make_folder(path.parent)
    tokens = {role.name: token for role, token in access.tokens.items()}
    kept = _Kept(api_key=access.api_key, tokens=tokens, staff_token=access.staff_token)
    content = kept.model_dump_json(indent=2)
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    give_to_owner(unfinished, path.parent)
    unfinished.replace(path)
