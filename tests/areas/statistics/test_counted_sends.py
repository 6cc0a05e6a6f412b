"""Sends are counted when they become final, whoever sends them."""

from typing import Any

from sqlalchemy import select

from authz.policy.builtin_roles import BuiltinRole
from engine.writes.sessions import WriteSessions
from models.settings.tables import SettingName
from models.statistics.tables import NO_ID, StatisticPeriod, recipient_statistics, statistics
from tests.client.api import Api
from tests.world.brand import Brand
from tests.world.credit import give_credit
from tests.world.messages import give_sender, mail, send
from tests.world.sends import reserved, settle
from tests.world.settings import set_setting
from tests.world.statistics import roll_up
from tests.world.world import Account, World


async def _sums(world: World, account: Account) -> list[tuple[Any, ...]]:
    row = statistics.c
    of_month = row.account_id == account.key, row.period == StatisticPeriod.MONTH.value
    columns = row.stream, row.api_key_id, row.label, row.sent, row.cost
    async with world.database.connect() as connection:
        found = await connection.execute(select(*columns).where(*of_month).order_by(row.sent))
        return [tuple(each) for each in found]


async def _by_domain(world: World, account: Account) -> dict[str, int]:
    row = recipient_statistics.c
    async with world.database.connect() as connection:
        found = await connection.execute(
            select(row.recipients, row.sent).where(row.account_id == account.key)
        )
        return {each.recipients: each.sent for each in found}


async def test_reservations_count_once_committed(
    api: Api, world: World, priced: Brand, sessions: WriteSessions
) -> None:
    """With their price and label, as of the key that reserved; not again, and not if they are voided."""
    brand = priced
    key = await world.api_key(brand.us, BuiltinRole.ADMINISTRATOR)
    await give_credit(world, brand.master, 1_000)
    names = [f"reader{number}" for number in range(103)]
    made = await reserved(api, key, brand.us, *names, label="Spring")
    other = await reserved(api, brand.owner, brand.us, "ann")
    for _ in range(2):
        assert await settle(api, brand.owner, "sendCommit", made) == ""
    assert await settle(api, brand.owner, "sendVoid", other) == ""
    await roll_up(sessions, brand.master)
    assert await _sums(world, brand.us) == [("MARKETING", key.key, "spring", 103, 30)]
    assert await _by_domain(world, brand.us) == {}


async def test_messages_count_at_once(api: Api, world: World, priced: Brand, sessions: WriteSessions) -> None:
    """By the domains of their recipients. What is not sent is not counted."""
    brand = priced
    await set_setting(world, brand.us, SettingName.SENDER_ADDRESS, await give_sender(world, brand.us))
    recipients = ("ann@one.example", "bob@one.example", "carl@BÜCHER.example", "nobody")
    given = [mail(str(number), to) for number, to in enumerate(recipients)]
    await send(api, brand.owner, brand.us, given)
    await send(api, brand.owner, brand.us, given)
    await roll_up(sessions, brand.master)
    assert await _sums(world, brand.us) == [("TRANSACTIONAL", NO_ID, "", 3, 0)]
    assert await _by_domain(world, brand.us) == {"one.example": 2, "xn--bcher-kva.example": 1}
