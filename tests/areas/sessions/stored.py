"""Sessions as they are stored, and what time does to them."""

import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from authz.callers.tokens import TokenKind, digest_of, generate
from models.base.ids import Kind, new_id, present
from models.people.sessions import sessions
from models.sessions.tables import session_limits
from tests.client.mutations import Token
from tests.world.world import SESSION_END, Account, Person, World


async def stored_session(world: World, token: str) -> Row[Any]:
    """The session's row."""
    statement = select(sessions).where(sessions.c.digest == digest_of(token))
    async with world.database.connect() as connection:
        return (await connection.execute(statement)).one()


async def used_before(world: World, token: str, minutes: int, began: int | None = None) -> None:
    """The session was last used so many minutes ago, and began then, or so many minutes ago."""
    now = datetime.datetime.now(datetime.UTC)
    values = {
        "last_seen_at": now - datetime.timedelta(minutes=minutes),
        "created_at": now - datetime.timedelta(minutes=began or minutes),
    }
    statement = update(sessions).where(sessions.c.digest == digest_of(token)).values(values)
    async with world.database.begin() as connection:
        await connection.execute(statement)


async def give_session(world: World, person: Person) -> tuple[str, Token]:
    """Another session of the person: its id and its token."""
    key, token = new_id(), generate(TokenKind.SESSION)
    async with world.database.begin() as connection:
        await connection.execute(
            insert(sessions).values(
                id=key, user_id=person.key, digest=digest_of(token), expires_at=SESSION_END
            )
        )
    return present(Kind.SESSION, key), Token(token)


async def give_limits(world: World, account: Account, **limits: int) -> None:
    """The limits of a master account, without what they do to open sessions."""
    made = insert(session_limits).values(master_id=account.key, account_id=account.key, **limits)
    async with world.database.begin() as connection:
        await connection.execute(made)
