"""What races leave behind, read from the database itself."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.members.tables import memberships
from models.people.users import ownerships
from tests.world.world import Account, Person

T = TypeVar("T")

ROUNDS = 3
"""How often a race is run: which request is first is left to chance."""


async def at_once(*requests: Awaitable[T]) -> list[T]:
    """The requests' answers, all sent before any is answered."""
    return list(await asyncio.gather(*requests))


async def locked_out(database: AsyncEngine) -> int:
    """How many connections wait for a lock now."""
    waiting = "datname = current_database() AND wait_event_type = 'Lock'"
    async with database.connect() as connection:
        found = await connection.execute(text(f"SELECT count(*) FROM pg_stat_activity WHERE {waiting}"))
        return int(found.scalar_one())


async def owners_of(database: AsyncEngine, account: Account) -> int:
    """How many owners the account has."""
    statement = select(func.count()).where(
        memberships.c.account_id == account.key, memberships.c.role_id == BuiltinRole.OWNER.id
    )
    async with database.connect() as connection:
        return int((await connection.execute(statement)).scalar_one())


async def owned_by(database: AsyncEngine, person: Person) -> int:
    """How many accounts the person is an owner of, by its memberships; and that the note of it agrees."""
    held = select(func.count()).where(
        memberships.c.user_id == person.key, memberships.c.role_id == BuiltinRole.OWNER.id
    )
    noted = select(func.count()).where(ownerships.c.user_id == person.key)
    async with database.connect() as connection:
        held_count = int((await connection.execute(held)).scalar_one())
        assert (await connection.execute(noted)).scalar_one() == held_count
    return held_count
