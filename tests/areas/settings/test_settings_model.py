"""Settings against a small model: random trees, values, locks, copies, links and cut-offs (N15, R83)."""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.callers.principals import credentials_of
from authz.policy.builtin_roles import BuiltinRole
from authz.wall.row_security import enter
from engine.writes.sessions import WriteSessions
from models.accounts.tables import ParentAccess, accounts
from models.base.ids import AccountId, AccountKey, MasterId
from models.staff.overrides import OverrideKind
from resolvers.settings.effective import default_country_of, time_zone_of
from resolvers.settings.in_force import effective_settings
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from tests.areas.settings.seen import settings_of
from tests.areas.settings.settings_model import FUNCTIONS, PLATFORM, Held, SettingsModel
from tests.authz.escalation.profiles import seeds
from tests.client.api import Api
from tests.client.links import set_parent_access
from tests.client.mutations import attempt
from tests.engine.paths import Path
from tests.world.staff import set_override, staff_member
from tests.world.world import Account, World

_ACCOUNTS = 7
_STEPS = 50
_VALUES = {
    "TIME_ZONE": ["Asia/Tokyo", "UTC", "Europe/Berlin"],
    "LANGUAGE": ["en", "de", "fr"],
    "SENDER_NAME": ["Inn", "Hotel"],
}
_FIELDS = {"TIME_ZONE": "timeZone", "LANGUAGE": "language", "SENDER_NAME": "senderName"}
_NAMES = ["a", "b", "c"]


class _Story:
    """A random tree, and what happens in it."""

    def __init__(self, api: Api, world: World, seed: int) -> None:
        self.api, self.world = api, world
        self.chance = random.Random(seed)
        self.accounts: dict[str, Account] = {}

    async def begin(self) -> None:
        """Everybody's administrator does it all, and sees it whatever passes a link."""
        self.person = await self.world.person()
        self.agent = await staff_member(self.world)
        parents: dict[str, str | None] = {}
        for number in range(_ACCOUNTS):
            parent = self.chance.choice([None if number == 0 else name for name in parents] or [None])
            name = f"n{number}"
            parents[name] = parent
            above = None if parent is None else self.accounts[parent]
            self.accounts[name] = await self.world.account(above, name)
            await self.world.member(self.accounts[name], BuiltinRole.ADMINISTRATOR, self.person)
        self.model = SettingsModel(parents)

    async def step(self) -> None:
        """Something happens."""
        await self.chance.choice(
            [self._set, self._lock, self._lock, self._copy, self._function, self._other]
        )()

    def _any(self) -> str:
        return self.chance.choice(list(self.accounts))

    async def _update(self, name: str, **values: Any) -> str:
        place = {"accountId": self.accounts[name].id}
        return (await attempt(self.api, "settingsUpdate", self.person, **place, **values)).code

    async def _set(self) -> None:
        name, setting = self._any(), self.chance.choice(list(_VALUES))
        value = self.chance.choice([None, *_VALUES[setting]])
        old = self.model.own.get((name, setting))
        changes = value != (old and old.value)
        code = await self._update(name, **{_FIELDS[setting]: value})
        locked = changes and self.model.locked_by(name, setting) is not None
        assert code == ("SETTING_LOCKED" if locked else "")
        if not changes or locked:
            return
        if value is None:
            del self.model.own[name, setting]
        else:
            self.model.own[name, setting] = Held(value, name)

    async def _function(self) -> None:
        name, function = self._any(), self.chance.choice(_NAMES)
        text = self.chance.choice([None, "x", "y"])
        old = self.model.functions.get((name, function))
        changes = text != (old and old.value)
        code = await self._update(name, fieldFunctions=[{"name": function, "text": text}])
        locked = changes and self.model.locked_by(name, FUNCTIONS) is not None
        assert code == ("SETTING_LOCKED" if locked else "")
        if not changes or locked:
            return
        if text is None:
            del self.model.functions[name, function]
        else:
            self.model.functions[name, function] = Held(text, name)

    async def _lock(self) -> None:
        name, setting = self._any(), self.chance.choice([*_VALUES, FUNCTIONS])
        is_locked = (name, setting) in self.model.locks
        code = await self._update(name, **{"unlock" if is_locked else "lock": [setting]})
        assert code == ("" if self.model.locked_by(name, setting) is None else "SETTING_LOCKED")
        if not code:
            self.model.locks ^= {(name, setting)}

    async def _copy(self) -> None:
        source, target = self.chance.sample(list(self.accounts), 2)
        settings = self.chance.sample([*_VALUES, FUNCTIONS], 2)
        both = {"fromAccountId": self.accounts[source].id, "toAccountId": self.accounts[target].id}
        made = await attempt(self.api, "settingsCopy", self.person, **both, settings=settings)
        values = self._to_copy(source, target, settings)
        functions = self._functions_to_copy(source, target) if FUNCTIONS in settings else {}
        touched = [*values, *([FUNCTIONS] if functions else [])]
        locked = any(self.model.locked_by(target, setting) is not None for setting in touched)
        assert made.code == ("SETTING_LOCKED" if locked else "")
        if not locked:
            self.model.own |= {(target, name): held for name, held in values.items()}
            self.model.functions |= {(target, name): held for name, held in functions.items()}

    def _to_copy(self, source: str, target: str, settings: list[str]) -> dict[str, Held]:
        found = {}
        for setting in settings:
            if setting == FUNCTIONS:
                continue
            made = Held(self.model.in_force(source, setting).value, target, source)
            if made.value is not None and self.model.own.get((target, setting)) != made:
                found[setting] = made
        return found

    def _functions_to_copy(self, source: str, target: str) -> dict[str, Held]:
        given = self.model.functions_in_force(source)
        made = {name: Held(held.value, target, source) for name, held in given.items()}
        return {name: held for name, held in made.items() if self.model.functions.get((target, name)) != held}

    async def _other(self) -> None:
        """A link, or what support says of field functions."""
        name = self._any()
        if self.chance.random() < 0.5 and name not in self.model.works:
            self.model.works[name] = self.chance.random() < 0.5
            kind, works = OverrideKind.FIELD_FUNCTIONS, self.model.works[name]
            await set_override(self.world, self.accounts[name], kind, self.agent, field_functions=works)
        elif self.model.parents[name] is not None:
            mode = self.chance.choice(list(ParentAccess))
            await set_parent_access(self.world, self.accounts[name], mode)
            self.model.closed_links -= {name}
            self.model.closed_links |= {name} if mode is not ParentAccess.FULL else set()

    async def check(self, name: str, path: Path) -> None:
        """What the API shows of an account is what the model says."""
        shown = await settings_of(self.api, self.person, self.accounts[name], path)
        for setting, field in _FIELDS.items():
            told, lock = shown[field], self.model.locked_by(name, setting)
            self._check_held(told, name, self.model.in_force(name, setting), told["value"])
            assert told["lockedBy"] == (lock and {"id": self.accounts[lock].id})
            assert told["isLocked"] is (lock is not None)
            assert told["locksBelow"] is ((name, setting) in self.model.locks)
            own = self.model.own.get((name, setting))
            assert told["ownValue"] == (own and own.value)
        functions = self.model.functions_in_force(name)
        told_functions = shown["fieldFunctions"]["functions"]
        assert [told["name"] for told in told_functions] == sorted(functions)
        for told in told_functions:
            self._check_held(told, name, functions[told["name"]], told["text"])

    def _check_held(self, told: dict[str, Any], name: str, held: Held, value: str | None) -> None:
        inherited = held.account not in (None, name)
        copied_from = None if inherited else held.copied_from
        origin = "INHERITED" if inherited else "COPIED" if copied_from else "OWN"
        assert (value, told["origin"]) == (held.value, "PLATFORM" if held.account is None else origin)
        above = held.account if inherited else None
        assert told["inheritedFrom"] == (above and {"id": self.accounts[above].id})
        assert told["copiedFrom"] == (copied_from and {"id": self.accounts[copied_from].id})

    async def check_values(self, application: AsyncEngine, name: str) -> None:
        """So is what other areas are handed."""
        account, credentials = self.accounts[name], credentials_of(self.person.token)
        assert credentials is not None
        place = AccountKey(MasterId(account.master), AccountId(account.key))
        async with WriteSessions(application).begin() as session:
            await enter(session, credentials)
            found = await effective_settings(session, place)
            own = accounts.alias()
            statement = select(time_zone_of(own), default_country_of(own)).where(own.c.id == account.key)
            zone, country = (await session.execute(statement)).one()
        expected = [self.model.in_force(name, setting).value for setting in PLATFORM]
        assert [found.time_zone, found.language, found.sender_name] == expected
        assert (zone, country) == (found.time_zone, found.default_country)
        functions = self.model.functions_in_force(name)
        assert found.field_functions == {each: held.value for each, held in functions.items()}


@pytest.fixture
async def application(addresses: DatabaseAddresses) -> AsyncIterator[AsyncEngine]:
    """The database as the application sees it."""
    engine = connect_as_application(addresses.application, 2)
    yield engine
    await engine.dispose()


@pytest.mark.parametrize("seed", seeds(3))
async def test_what_is_in_force_is_what_the_model_says(
    seed: int, api: Api, world: World, application: AsyncEngine
) -> None:
    story = _Story(api, world, seed)
    await story.begin()
    for _ in range(_STEPS):
        await story.step()
        await story.check(story.chance.choice(list(story.accounts)), Path.COMPILED)
    for name in story.accounts:
        for path in Path:
            await story.check(name, path)
        await story.check_values(application, name)
