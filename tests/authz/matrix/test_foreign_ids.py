"""Ids from elsewhere, put where they do not belong (T1, T3, N20)."""

import re
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, new_id
from tests.authz.escalation.outcomes import mutate, outcome
from tests.authz.matrix.matrix_callers import OUTSIDE, STAFF, Stage
from tests.authz.matrix.matrix_fields import MUTATIONS, STAFF_MUTATIONS
from tests.by_day import one_in
from tests.client.api import Api
from tests.world.world import World

_ID = re.compile(rf"^({'|'.join(Kind)})_[0-9a-f-]{{36}}(_[0-9a-f-]{{36}})?$")
_GATED = [
    name for name, mutation in MUTATIONS.items() if mutation.permission is not None or name in STAFF_MUTATIONS
]


@pytest.fixture(scope="module")
async def stage(registry: World) -> Stage:
    """Callers around one account."""
    return await Stage.of(registry)


@pytest.mark.parametrize("name", one_in(3, _GATED))
async def test_foreign_and_missing_ids_answer_alike(name: str, stage: Stage, api: Api) -> None:
    """N20: nobody outside learns from an answer whether there is something with an id; a key not even where
    it is told that only persons may ask."""
    expected = MUTATIONS[name].expected
    foreign = await MUTATIONS[name].prepare(stage)
    assert foreign is not None
    missing = {key: _unknown(value) for key, value in foreign.items()}
    assert missing != foreign
    for caller in sorted(OUTSIDE - STAFF if name in STAFF_MUTATIONS else OUTSIDE):
        found = await mutate(api, name, stage.callers[caller], foreign)
        not_there = await mutate(api, name, stage.callers[caller], missing)
        assert outcome(found, name) == expected[caller] in ("NOT_FOUND", "PERSON_REQUIRED")
        assert (found.status, found.data, found.errors) == (
            not_there.status,
            not_there.data,
            not_there.errors,
        )
    await stage.reopen()


def _unknown(value: Any) -> Any:
    """Ids of the same kind that nothing has; anything else as it is."""
    if isinstance(value, list):
        return [_unknown(item) for item in value]
    found = _ID.match(value) if isinstance(value, str) else None
    if found is None:
        return value
    return f"{found[1]}_{new_id()}_{new_id()}" if found[2] else f"{found[1]}_{new_id()}"


async def test_a_member_of_another_account_becomes_no_owner(api: Api, world: World) -> None:
    """T1: every id of an input must lie in the account that it names, whatever the actor holds elsewhere."""
    account, other = await world.account(), await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.ANALYST)
    await world.member(other, BuiltinRole.ADMINISTRATOR, owner.person)
    stranger = await world.member(other, BuiltinRole.ANALYST)
    other_owner = await world.member(other, BuiltinRole.OWNER)
    before = await world.state(account, other)
    for to_member, from_member in ((stranger, owner), (member, other_owner)):
        values = {"accountId": account.id, "toMemberId": to_member.id, "fromMemberId": from_member.id}
        assert outcome(await mutate(api, "ownershipTransfer", owner, values), "ownershipTransfer") == (
            "NOT_FOUND"
        )
    assert await world.state(account, other) == before


MEMBERS = """query ($id: ID!) { account(id: $id) { members(includeInherited: true) { nodes {
  id relation inheritedFrom { id } user { id }
} } } }"""


async def test_who_reaches_from_above_is_seen_and_not_touched_from_below(api: Api, world: World) -> None:
    """R54, T3: a subaccount sees who has power over it, and takes nothing of that power away."""
    main = await world.account()
    branch = await world.account(main)
    above = await world.member(main, BuiltinRole.ADMINISTRATOR)
    await world.member(main, BuiltinRole.FINANCE)
    below = await world.member(branch, BuiltinRole.OWNER)
    nodes = (await api.read(MEMBERS, below, id=branch.id))["account"]["members"]["nodes"]
    seen = {node["user"]["id"]: node for node in nodes}
    assert set(seen) == {above.person.id, below.person.id}
    from_above = seen[above.person.id]
    assert (from_above["relation"], from_above["inheritedFrom"]) == ("ANCESTOR", None)
    before = await world.state(main)
    for id_, code in ((from_above["id"], "INHERITED_MEMBER"), (above.id, "NOT_FOUND")):
        assert await api.refusal("memberRemove", below, memberId=id_) == code
        assert await api.refusal("memberUpdate", below, memberId=id_) == code
    assert await world.state(main) == before


async def test_a_member_as_seen_from_elsewhere_is_no_node(api: Api, world: World) -> None:
    """T31: the id names from where it is seen, and the right is asked there."""
    main = await world.account()
    branch, sibling = await world.account(main), await world.account(main)
    above = await world.member(main, BuiltinRole.ADMINISTRATOR)
    below = await world.member(branch, BuiltinRole.OWNER)
    query = "query ($id: ID!) { node(id: $id) { id } }"
    from_branch = f"{above.id}_{branch.key}"
    assert (await api.read(query, below, id=from_branch))["node"] == {"id": from_branch}
    for id_ in (above.id, f"{above.id}_{sibling.key}", f"{above.id}_{main.key}", f"{below.id}_{main.key}"):
        assert (await api.read(query, below, id=id_))["node"] is None, id_
