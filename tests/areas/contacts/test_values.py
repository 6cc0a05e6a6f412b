"""What contacts are filtered by agrees with their attributes, whatever was done."""

import random
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.contacts.tables import contact_values
from tests.areas.contacts.asking import contacts_of, create_attribute, upsert
from tests.authz.escalation.profiles import seeds
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.contacts import VALUES
from tests.world.world import Account, Member

_STEPS = 25
_VALUES: dict[str, tuple[Any, ...]] = {
    "city": ("Åre", "a" * 1_000, "3.5", None),
    "visits": (0, -3, 3.5, 1e-7, 10**15, None),
    "vip": (True, False, None),
    "born": ("2026-03-31", None),
}
_TYPES = {"city": "TEXT", "visits": "NUMBER", "vip": "BOOLEAN", "born": "DATE"}
_EMAILS = ("ada@example.com", "bo@example.com", "cy@example.com")


def _drawn(chance: random.Random) -> dict[str, Any]:
    return {name: chance.choice(values) for name, values in _VALUES.items() if chance.random() < 0.5}


async def _kept(database: AsyncEngine, account: Account) -> list[tuple[Any, ...]]:
    async with database.connect() as connection:
        statement = select(contact_values).where(contact_values.c.account_id == account.key)
        return sorted(tuple(row) for row in await connection.execute(statement))


async def _expected(database: AsyncEngine, account: Account) -> list[tuple[Any, ...]]:
    async with database.connect() as connection:
        statement = text(f"{VALUES} AND account_id = :account")
        return sorted(tuple(row) for row in await connection.execute(statement, {"account": account.key}))


@pytest.mark.parametrize("seed", seeds(3))
async def test_each_value_has_its_row_and_no_other_has(
    api: Api, database: AsyncEngine, account: Account, marketer: Member, seed: int
) -> None:
    chance = random.Random(seed)
    for name, type_ in _TYPES.items():
        await create_attribute(api, marketer, account, name, type_)
    many = 0
    for _ in range(_STEPS):
        known = await contacts_of(api, marketer, account)
        step, values = chance.random(), {"attributes": _drawn(chance)}
        if step < 0.6 or not known:
            await upsert(api, marketer, account, *[values | {"email": each} for each in _EMAILS])
        elif step < 0.85:
            one = chance.choice(known)
            named = {"contactId": one["id"], "expectedVersion": one["version"]}
            await done(api, "contactUpdate", marketer, **named, **values)
        else:
            await done(api, "contactErase", marketer, contactId=chance.choice(known)["id"])
        kept = await _kept(database, account)
        assert kept == await _expected(database, account)
        many = max(many, len(kept))
    assert many > len(_TYPES)
