"""What contacts are filtered by agrees with their attributes, whatever was done."""

import json
import random
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.contacts.tables import contact_values
from resolvers.contacts.jobs import attribute_removal
from tests.areas.contacts.asking import contacts_of, create_attribute, upsert
from tests.areas.contacts.imports import imported, work_off_imports
from tests.authz.escalation.profiles import seeds
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.contacts import VALUES
from tests.world.world import Account, Member

_STEPS = 30
_VALUES: dict[str, tuple[Any, ...]] = {
    "city": ("Åre", "a" * 1_000, "3.5", None),
    "visits": (0, -3, 3.5, 1e-7, 10**15, None),
    "vip": (True, False, None),
    "born": ("2026-03-31", None),
}
_TYPES = {"city": "TEXT", "visits": "NUMBER", "vip": "BOOLEAN", "born": "DATE"}
_EMAILS = ("ada@example.com", "bo@example.com", "cy@example.com")


@dataclass(frozen=True)
class _Writer:
    """Who changes the account's contacts at random."""

    api: Api
    member: Member
    account: Account
    application: AsyncEngine
    chance: random.Random

    async def upsert(self) -> None:
        given = [{"email": each, "attributes": self._drawn()} for each in _EMAILS]
        await upsert(self.api, self.member, self.account, *given)

    async def update(self) -> None:
        one = await self._known()
        if one is not None:
            named = {"contactId": one["id"], "expectedVersion": one["version"]}
            await done(self.api, "contactUpdate", self.member, **named, attributes=self._drawn())

    async def erase(self) -> None:
        one = await self._known()
        if one is not None:
            await done(self.api, "contactErase", self.member, contactId=one["id"])

    async def import_file(self) -> None:
        """With a row for some contacts that are there, for new ones, and twice for the same one."""
        emails = (*_EMAILS, f"{self.chance.random()}@example.com", _EMAILS[0])
        rows = [[email, *(self._cell(name) for name in _VALUES)] for email in emails]
        lines = [",".join(cells) for cells in ([["email", *_VALUES], *rows])]
        await imported(self.api, self.member, self.account, "\n".join(lines))
        await self._work()

    async def delete_attribute(self) -> None:
        """It is there again once a worker has removed its values."""
        name = self.chance.choice(list(_VALUES))
        named = {"accountId": self.account.id, "name": name}
        await done(self.api, "contactAttributeDelete", self.member, **named)
        await self._work()
        await create_attribute(self.api, self.member, self.account, name, _TYPES[name])

    async def _work(self) -> None:
        await work_off_imports(self.application, self.account)

    async def _known(self) -> dict[str, Any] | None:
        known = await contacts_of(self.api, self.member, self.account)
        return self.chance.choice(known) if known else None

    def _drawn(self) -> dict[str, Any]:
        return {
            name: self.chance.choice(values) for name, values in _VALUES.items() if self.chance.random() < 0.5
        }

    def _cell(self, name: str) -> str:
        value = self.chance.choice(_VALUES[name])
        return "" if value is None else value if isinstance(value, str) else json.dumps(value)


_DONE_OFTEN = _Writer.upsert, _Writer.update, _Writer.import_file
_DONE = (*_DONE_OFTEN, *_DONE_OFTEN, _Writer.erase, _Writer.delete_attribute)


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
    api: Api,
    database: AsyncEngine,
    account: Account,
    marketer: Member,
    application: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    monkeypatch.setattr(attribute_removal, "_BATCH", 2)
    for name, type_ in _TYPES.items():
        await create_attribute(api, marketer, account, name, type_)
    chance = random.Random(seed)
    writer = _Writer(api, marketer, account, application, chance)
    many = 0
    for _ in range(_STEPS):
        await chance.choice(_DONE)(writer)
        kept = await _kept(database, account)
        assert kept == await _expected(database, account)
        many = max(many, len(kept))
    assert many > len(_TYPES)
