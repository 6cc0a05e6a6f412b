"""Moments: with a zone, in the future, and such as the database can hold."""

import datetime
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from tests.bad_input.inputs import inputs
from tests.bad_input.place import Place, make_place, stored
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, Attempt, attempt
from tests.world.world import World

MUTATIONS = ["memberInvite", "memberUpdate", "apiKeyCreate", "overrideCreate"]
_PAST = ["2000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999999-12:00"]
_NO_MOMENT = [
    "",
    "tomorrow",
    "2030-13-01T00:00:00Z",
    "2030-02-30T00:00:00Z",
    "2030-01-01T25:00:00Z",
    "2030-01-01T00:00:00+99:00",
    "10000-01-01T00:00:00Z",
    "-0001-01-01T00:00:00Z",
    "2030-01-01T00:00:00Z; DROP TABLE users",
    "infinity",
    "now",
    1893456000,
    1.5,
    True,
    [],
    {},
]
_OUT_OF_RANGE = ["9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.999999-00:01"]
_WITHOUT_ZONE = ["2030-01-01T00:00:00", "2030-01-01", "2030", "2000-01-01T00:00:00", "0001-01-01T00:00:00"]


async def _with_end(api: Api, place: Place, mutation: str, end: object) -> Attempt:
    right: dict[str, Any] = inputs(place)[mutation]
    return await attempt(api, mutation, place.caller(mutation), **(right | {"expiresAt": end}))


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_an_end_in_the_past_is_refused(api: Api, world: World, place: Place, mutation: str) -> None:
    before = await stored(world, place)
    now = datetime.datetime.now(datetime.UTC).isoformat()
    for end in (*_PAST, now):
        refused = await _with_end(api, place, mutation, end)
        assert refused.code == "BAD_USER_INPUT", end
        assert refused.user_error is not None
        assert refused.user_error["field"] == ["input", "expiresAt"]
    assert await stored(world, place) == before


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize(
    "ends", [_NO_MOMENT, _OUT_OF_RANGE, _WITHOUT_ZONE], ids=["no moment", "out of range", "without a zone"]
)
async def test_what_is_no_moment_is_refused(
    api: Api, world: World, place: Place, mutation: str, ends: list[object]
) -> None:
    """Nor is what names no zone: whose midnight it is cannot be guessed."""
    before = await stored(world, place)
    codes = {str(end): (await _with_end(api, place, mutation, end)).code for end in ends}
    assert codes == {str(end): "BAD_USER_INPUT" for end in ends}
    assert await stored(world, place) == before


async def test_a_literal_is_looked_at_too(api: Api, world: World, place: Place) -> None:
    before = await stored(world, place)
    for end in ('"2030-01-01T00:00:00"', '"tomorrow"', '"9999-12-31T23:59:59-23:59"', "2030", "TOMORROW"):
        query = (
            f'mutation {{ memberUpdate(input: {{memberId: "{place.member.id}", '
            f"expectedVersion: 1, expiresAt: {end}}}) {{ userErrors {{ code }} }} }}"
        )
        answer = await api.ask(query, place.above)
        data = answer.data or {"memberUpdate": {"userErrors": []}}
        codes = [*answer.codes, *(error["code"] for error in (data["memberUpdate"] or {})["userErrors"])]
        assert codes == ["BAD_USER_INPUT"], end
    assert await stored(world, place) == before


async def test_a_moment_in_any_zone_is_kept(api: Api, world: World) -> None:
    place = await make_place(api, world)
    role = {"memberId": place.member.id, "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    for end in ("2999-01-01T00:00:00Z", "2999-01-01T12:00:00.123456+05:45"):
        made = await attempt(api, "memberUpdate", place.above, "member { expiresAt }", **role, expiresAt=end)
        shown = datetime.datetime.fromisoformat(made.payload["member"]["expiresAt"])
        assert shown == datetime.datetime.fromisoformat(end)
        assert shown.tzinfo is not None


async def test_ownership_has_no_end(api: Api, world: World, place: Place) -> None:
    before = await stored(world, place)
    owner = {"roleId": ROLE_IDS[BuiltinRole.OWNER]}
    for mutation in ("memberInvite", "memberUpdate"):
        refused = await attempt(api, mutation, place.above, **(inputs(place)[mutation] | owner))
        assert refused.code == "BAD_USER_INPUT"
        assert refused.user_error is not None
        assert refused.user_error["field"] == ["input", "expiresAt"]
    assert await stored(world, place) == before
