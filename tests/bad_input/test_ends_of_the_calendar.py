"""The first and the last moment of the calendar, which the driver would take for PostgreSQL's infinities."""

import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.fixtures import nothing_breaks
from tests.bad_input.place import make_place
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, done
from tests.database.settled_log import until_settled
from tests.engine.paths import Path
from tests.world.world import World

__all__ = ["nothing_breaks"]

_FIRST, _LAST = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"
_LAST_ELSEWHERE = "9999-12-31T22:59:59.999999-01:00"
_EVER = {
    "events": "account(id: $id) { events(since: $since, until: $until) { totalCount } }",
    "costs": "account(id: $id) { costs(since: $since, until: $until) { totalCount } }",
}
_DAYS = "statistics(accountId: $id, since: $since, until: $until, by: [MONTH]) { nodes { startsOn } }"


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("name", _EVER)
async def test_from_the_first_to_the_last_moment_is_all(
    name: str, path: Path, api: Api, world: World, database: AsyncEngine
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    await done(api, "accountUpdate", owner, accountId=account.id, externalId="X")
    await until_settled(database)
    query = f"query ($id: ID!, $since: DateTime!, $until: DateTime!) {{ {_EVER[name]} }}"
    found = [
        await api.read(path.of(query), owner, id=account.id, since=since, until=until)
        for since, until in ((_FIRST, "2999-01-01T00:00:00Z"), (_FIRST, _LAST), (_FIRST, _LAST_ELSEWHERE))
    ]
    assert found == found[:1] * 3
    assert name != "events" or found[0]["account"]["events"]["totalCount"] == 1


@pytest.mark.parametrize("path", Path)
async def test_days_are_in_the_calendar_or_refused(path: Path, api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    query = path.of(f"query ($id: ID!, $since: Date!, $until: Date!) {{ {_DAYS} }}")
    answer = await api.ask(query, owner, id=account.id, since="0001-01-01", until="9999-12-31")
    assert set(answer.codes) <= {"BAD_USER_INPUT"}


async def test_an_end_that_never_comes_is_kept_and_shown(api: Api, world: World) -> None:
    place = await make_place(api, world)
    values = {"memberId": place.member.id, "roleId": ROLE_IDS[BuiltinRole.ANALYST], "expiresAt": _LAST}
    made = await done(api, "memberUpdate", place.above, "member { expiresAt }", **values)
    shown = datetime.datetime.fromisoformat(made["member"]["expiresAt"])
    assert datetime.datetime.fromisoformat(_LAST) - shown == datetime.timedelta(microseconds=1)
