"""A dry run beside a write of the same thing: it tells of one moment, and holds others up while it runs."""

import asyncio
from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, attempt, code_of
from tests.concurrency.gates import Gate, waits
from tests.world.brand import Brand, brand_of
from tests.world.world import Member, World

_CHANGES = "accessChanges { subjectId gained lost }"


def _to(role: BuiltinRole, member: Member) -> dict[str, Any]:
    return {"memberId": member.id, "roleId": ROLE_IDS[role]}


async def test_a_write_waits_for_a_dry_run_and_is_then_done(api: Api, world: World) -> None:
    brand = await brand_of(world)
    member = await world.member(brand.us, BuiltinRole.ANALYST)
    gate = Gate("UPDATE memberships", after=1)
    dry = {"dryRun": True, **_to(BuiltinRole.FINANCE, member)}
    trying = asyncio.create_task(gate.holding(attempt(api, "memberUpdate", brand.owner, _CHANGES, **dry)))
    await gate.reached()
    writing = asyncio.create_task(
        code_of(api, "memberUpdate", brand.owner, **_to(BuiltinRole.DEVELOPER, member))
    )
    assert await waits(writing, world.database)
    gate.open()
    (change,) = (await trying).payload["accessChanges"]
    assert "CREDIT_READ" in change["gained"]
    assert await writing == ""
    assert await _role(api, brand, member) == "DEVELOPER"


async def test_a_write_in_between_is_a_conflict(api: Api, world: World) -> None:
    """The dry run's snapshot is older than the write: it tells nothing rather than something wrong."""
    brand = await brand_of(world)
    member = await world.member(brand.us, BuiltinRole.ANALYST)
    gate = Gate("mandant_door", after=1)  # the first time its tree is not known
    dry = {"dryRun": True, **_to(BuiltinRole.FINANCE, member)}
    trying = asyncio.create_task(gate.holding(attempt(api, "memberUpdate", brand.owner, _CHANGES, **dry)))
    await gate.reached()
    assert await code_of(api, "memberUpdate", brand.owner, **_to(BuiltinRole.DEVELOPER, member)) == ""
    gate.open()
    found = await trying
    assert found.code == "CONFLICT"
    assert found.payload["accessChanges"] is None
    assert await _role(api, brand, member) == "DEVELOPER"


async def _role(api: Api, brand: Brand, member: Member) -> str:
    query = "query ($id: ID!) { node(id: $id) { ... on Member { role { name } } } }"
    found: str = (await api.read(query, brand.owner, id=member.id))["node"]["role"]["name"]
    return found
