"""What accounts require and sessions have proved, straight in the database."""

from sqlalchemy import func, insert, update

from authz.callers.tokens import digest_of
from models.people.sessions import sessions
from models.second_factor.tables import second_factor_rules
from tests.world.world import Account, World


async def require_factor(world: World, account: Account) -> None:
    """The account requires a second factor of whoever comes in."""
    async with world.database.begin() as connection:
        await connection.execute(
            insert(second_factor_rules).values(master_id=account.master, account_id=account.key)
        )


async def prove_factor(world: World, token: str) -> None:
    """The session has proved a second factor."""
    async with world.database.begin() as connection:
        await connection.execute(
            update(sessions).where(sessions.c.digest == digest_of(token)).values(second_factor_at=func.now())
        )
