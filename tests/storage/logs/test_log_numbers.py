"""The log's numbers go on in a database that counts transactions anew, as one restored from a dump."""

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.effects.events import events
from models.effects.log_numbers import log_numbering
from server.database.migrate import migrate, why_not_current
from server.embedded_postgres import DatabaseAddresses
from tests.areas.audit.following import Follower
from tests.client.api import Api
from tests.client.mutations import done
from tests.database.own_database import api, application, own, owner_engine, world
from tests.waiting import until
from tests.world.world import World

__all__ = ["api", "application", "own", "owner_engine", "world"]

_MANY = 10_000_000


async def _why_not_current(database: AsyncEngine) -> str | None:
    async with database.connect() as connection:
        return await connection.run_sync(why_not_current)


async def test_what_comes_after_a_restore_comes_after_all_before(
    api: Api, world: World, own: DatabaseAddresses, application: AsyncEngine
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    follower = Follower(api, owner, account)
    for name in ("One", "Two"):
        await done(api, "accountUpdate", owner, accountId=account.id, name=name)
    await until(lambda: follower.has_seen(2))
    await migrate(own.owner)
    async with world.database.connect() as connection:
        assert (await connection.execute(select(log_numbering))).all() == [], "nothing was restored"
    # As a database would look that has used up fewer transaction ids than the dumped one.
    async with world.database.begin() as connection:
        await connection.execute(update(events).values(transaction_id=events.c.transaction_id + _MANY))
    restored = Follower(api, owner, account)
    assert not await restored.look()
    assert (
        await _why_not_current(application) == "the database was restored from a dump: run `mandant migrate`"
    )
    await migrate(own.owner)
    await migrate(own.owner)
    assert await _why_not_current(application) is None
    await until(lambda: restored.has_seen(2))
    assert restored.ids == follower.ids
    await done(api, "accountUpdate", owner, accountId=account.id, name="Three")
    await until(lambda: restored.has_seen(3))
    assert await Follower(api, owner, account).has_seen(3)
    async with world.database.connect() as connection:
        rows = (
            (await connection.execute(select(events.c.transaction_id).order_by(events.c.id))).scalars().all()
        )
        assert rows == sorted(rows)
        assert (await connection.execute(text("SELECT mandant_log_is_behind()"))).scalar_one() is False
