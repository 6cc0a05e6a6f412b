"""What time and others do to sessions, memberships, keys and invitations, straight in the database."""

import datetime

from argon2 import PasswordHasher
from sqlalchemy import Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.callers.tokens import TokenKind, digest_of, generate
from authz.policy.builtin_roles import BuiltinRole
from models.api_keys.tables import WhenMakerLosesAccess, api_keys
from models.base.ids import Kind, new_id, present
from models.effects.outbox import outbox_messages
from models.invitations.tables import invitations
from models.members.tables import memberships
from models.people.sessions import sessions
from models.people.users import users
from tests.world.world import PASSWORD, SESSION_END, Account, ApiKey, Member, Person

_QUICK_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
PAST = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
NEXT_MONTH = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=30)
_A_DAY = datetime.timedelta(days=1)


async def hash_quickly(database: AsyncEngine, person: Person) -> None:
    """The person keeps the password PASSWORD, of which the hash takes less time to check than it should."""
    await _update(database, users, person.key, password_hash=_QUICK_HASH)


async def expire_session(database: AsyncEngine, person: Person) -> None:
    """The person's session has ended."""
    statement = update(sessions).where(sessions.c.digest == digest_of(person.token))
    async with database.begin() as connection:
        await connection.execute(statement.values(expires_at=func.now()))


async def open_session(database: AsyncEngine, person: Person, token: str | None = None) -> str:
    """Another session of the person, or one with the same token again. Its token."""
    token = token or generate(TokenKind.SESSION)
    async with database.begin() as connection:
        await connection.execute(
            insert(sessions).values(
                id=new_id(), user_id=person.key, digest=digest_of(token), expires_at=SESSION_END
            )
        )
    return token


async def expire_member(database: AsyncEngine, member: Member) -> None:
    """The membership has ended by itself."""
    await _update(database, memberships, member.key, expires_at=func.now())


async def expire_key(database: AsyncEngine, key: ApiKey) -> None:
    """The key has ended by itself."""
    await _update(database, api_keys, key.key, expires_at=func.now())


async def revoke_key(database: AsyncEngine, key: ApiKey) -> None:
    """The key was revoked."""
    await _update(database, api_keys, key.key, revoked_at=func.now())


async def made_by(
    database: AsyncEngine, key: ApiKey, creator: Person | ApiKey, choice: WhenMakerLosesAccess
) -> None:
    """The key was made by somebody, or by another key, who chose what becomes of it without them."""
    column = "creator_user_id" if isinstance(creator, Person) else "creator_api_key_id"
    await _update(
        database, api_keys, key.key, **{column: creator.key, "when_maker_loses_access": choice.value}
    )


async def expire_invitations(database: AsyncEngine, email: str) -> None:
    """The days in which the address's invitations could be accepted are over."""
    statement = update(invitations).where(invitations.c.email_canonical == email.lower())
    async with database.begin() as connection:
        await connection.execute(statement.values(expires_at=func.now()))


async def offer(
    database: AsyncEngine, account: Account, role: BuiltinRole, email: str, inviter: Person
) -> tuple[str, str]:
    """An open invitation, as if it had been made through the product. Its id and its token."""
    key, token = new_id(), generate(TokenKind.INVITATION)
    ends = datetime.datetime.now(datetime.UTC) + _A_DAY
    async with database.begin() as connection:
        await connection.execute(
            insert(invitations).values(
                master_id=account.master,
                account_id=account.key,
                id=key,
                email=email,
                email_canonical=email.lower(),
                role_id=role.id,
                digest=digest_of(token),
                inviter_user_id=inviter.key,
                expires_at=ends,
            )
        )
    return present(Kind.INVITATION, key), token


async def mailed_tokens(database: AsyncEngine, email: str) -> list[str]:
    """The secrets of the links that were mailed to the address, the oldest first."""
    statement = (
        select(outbox_messages.c.body)
        .where(outbox_messages.c.recipient == email)
        .order_by(outbox_messages.c.id)
    )
    async with database.connect() as connection:
        bodies = (await connection.execute(statement)).scalars().all()
    links = [body.partition("/invitation#")[2] for body in bodies if "/invitation#" in body]
    return [link.split()[0] for link in links]


async def _update(database: AsyncEngine, table: Table, key: object, **values: object) -> None:
    async with database.begin() as connection:
        await connection.execute(update(table).where(table.c.id == key).values(**values))
