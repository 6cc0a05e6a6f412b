"""Dry runs where links let little pass: of the links themselves, of broken glass, and of rights above two of
them (N3, N4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from tests.areas.parent_access.linked import Agency, agency_of, link_of
from tests.authz.cases.expectations import AS_MEMBER, FROM_ABOVE, READS
from tests.authz.escalation.outcomes import DONE, mutate, outcome
from tests.authz.matrix.matrices import Change, Matrix, Place, dry_run, matrix_of, own_id, seen_changes, told
from tests.by_day import by_night_alone
from tests.client.api import Api, Caller
from tests.client.links import ask, break_glass, set_parent_access
from tests.client.mutations import ROLE_IDS
from tests.world.world import Account, Member, Person, World

_LIMITED = [mode for mode in ParentAccess if mode is not ParentAccess.FULL]
_FROM_ABOVE = FROM_ABOVE[BuiltinRole.ADMINISTRATOR]
_MORE_THAN_LEAST = _FROM_ABOVE - {"ACCOUNT_READ", "ACCOUNT_SUSPEND"}
_READS_MORE = READS & _MORE_THAN_LEAST
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Scene:
    """Agency, hotel, spa and pool, each below the one before; the links of hotel and spa are limited."""

    api: Api
    world: World
    agency: Agency
    pool: Account
    spa_owner: Member
    watcher: Person

    @property
    def tree(self) -> tuple[Account, ...]:
        """From the top down."""
        return self.agency.master, self.agency.hotel, self.agency.spa, self.pool

    async def step(self, name: str, caller: Caller, **values: Any) -> dict[Place, Change]:
        """Try it out and then do it: what the dry run told, which is what then happened."""
        answer = await dry_run(self.api, name, caller, values)
        assert outcome(answer, name) == DONE
        asker, old = await own_id(self.api, caller), await self._matrix()
        assert outcome(await mutate(self.api, name, caller, values), name) == DONE
        new = await self._matrix()
        found = told(answer, name, old, new)
        assert found == seen_changes(old, new, asker)
        return found

    async def let_pass(self, caller: Caller, account: Account, mode: ParentAccess) -> dict[Place, Change]:
        """Such a step: the link's mode, at once or asked for."""
        version = (await link_of(self.api, caller, account))["version"]
        values = {"expectedVersion": version, "parentAccess": mode.value, "reason": "Because"}
        return await self.step("parentAccessUpdate", caller, accountId=account.id, **values)

    async def open(self, caller: Caller, account: Account) -> dict[Place, Change]:
        """Such a step: broken glass."""
        return await self.step("breakGlassOpen", caller, accountId=account.id, reason="Fire", hours=1)

    async def _matrix(self) -> Matrix:
        return await matrix_of(self.api, self.watcher, self.tree)


async def _scene(api: Api, world: World, hotel: ParentAccess, spa: ParentAccess) -> Scene:
    agency, watcher = await agency_of(world, hotel), await world.person()
    pool = await world.account(agency.spa, "Pool")
    spa_owner = await world.member(agency.spa, BuiltinRole.OWNER)
    scene = Scene(api, world, agency, pool, spa_owner, watcher)
    for account in scene.tree:
        await world.member(account, BuiltinRole.ADMINISTRATOR, watcher)
    await set_parent_access(world, agency.spa, spa)
    return scene


def _lost(changes: dict[Place, Change], member: Member, account: Account) -> frozenset[str]:
    change = changes.get(Place(account.id, member.person.id))
    return _NOTHING if change is None else change.lost


def _of(changes: dict[Place, Change], subject: Person, accounts: Iterable[Account]) -> list[Change | None]:
    return [changes.get(Place(account.id, subject.id)) for account in accounts]


@by_night_alone
@pytest.mark.parametrize("hotel", _LIMITED)
@pytest.mark.parametrize("spa", _LIMITED)
async def test_whatever_two_links_let_pass(
    hotel: ParentAccess, spa: ParentAccess, api: Api, world: World
) -> None:
    """Each is raised and lowered again, then somebody above both gets a role that does not reach down."""
    scene = await _scene(api, world, hotel, spa)
    agency = scene.agency
    links = (agency.spa, scene.spa_owner, spa), (agency.hotel, agency.owner, hotel)
    for account, owner, mode in links:
        raised = await scene.let_pass(owner, account, ParentAccess.FULL)
        assert raised
        lowered = await scene.let_pass(scene.watcher, account, mode)
        again = {place: lowered.get(place) for place in raised}
        assert again == {place: Change(change.lost, change.gained) for place, change in raised.items()}
    values = {"memberId": agency.above.id, "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    demoted = await scene.step("memberUpdate", scene.watcher, **values)
    gone = [account for account in scene.tree if "ACCOUNT_READ" in _lost(demoted, agency.above, account)]
    assert gone == [agency.hotel, agency.spa, scene.pool]


async def test_a_link_above_another_one(api: Api, world: World) -> None:
    """Below the second one no more is gained than it lets pass."""
    scene = await _scene(api, world, ParentAccess.NONE, ParentAccess.READ_ONLY)
    agency = scene.agency
    raised = await scene.let_pass(agency.owner, agency.hotel, ParentAccess.FULL)
    reads = Change(_READS_MORE, _NOTHING)
    assert _of(raised, agency.above.person, scene.tree) == [
        None,
        Change(_MORE_THAN_LEAST, _NOTHING),
        reads,
        reads,
    ]


async def test_what_the_other_side_accepts(api: Api, world: World) -> None:
    """The account asks to be left alone; what is asked for changes nothing before the answer."""
    scene = await _scene(api, world, ParentAccess.READ_ONLY, ParentAccess.FULL)
    agency = scene.agency
    assert await scene.let_pass(agency.owner, agency.hotel, ParentAccess.NONE) == {}
    values = {"accountId": agency.hotel.id, "parentAccess": "NONE"}
    assert await scene.step("parentAccessAnswer", agency.above, accept=False, **values) == {}
    await ask(world, agency.hotel, ParentAccess.NONE, agency.owner.person, from_above=False)
    lowered = await scene.step("parentAccessAnswer", agency.above, accept=True, **values)
    lost = Change(_NOTHING, _READS_MORE)
    assert _of(lowered, agency.above.person, scene.tree) == [None, lost, lost, lost]


async def test_broken_glass_above_another_link(api: Api, world: World) -> None:
    """It opens the account's own link and no other; made whole, all of that is lost again."""
    scene = await _scene(api, world, ParentAccess.BREAK_GLASS, ParentAccess.READ_ONLY)
    agency = scene.agency
    opened = await scene.open(agency.above, agency.hotel)
    below = [_MORE_THAN_LEAST, _READS_MORE, _READS_MORE]
    assert _of(opened, agency.above.person, scene.tree) == [
        None,
        *(Change(gained, _NOTHING) for gained in below),
    ]
    assert await scene.open(agency.above, agency.hotel) == {}, "another hour gives no other rights"
    opening = await break_glass(world, agency.hotel, scene.watcher)
    ended = await scene.step("breakGlassEnd", agency.owner, breakGlassId=opening.id)
    more_from_above = _FROM_ABOVE - AS_MEMBER[BuiltinRole.ADMINISTRATOR] - {"ACCOUNT_SUSPEND"}
    assert _of(ended, scene.watcher, scene.tree)[:2] == [None, Change(_NOTHING, more_from_above)]
    lowered = await scene.let_pass(agency.above, agency.hotel, ParentAccess.NONE)
    assert _of(lowered, agency.above.person, scene.tree) == [
        None,
        *(Change(_NOTHING, lost) for lost in below),
    ]


async def test_glass_that_is_made_whole_by_who_broke_it(api: Api, world: World) -> None:
    """Told of itself, which after it sees no members there any more."""
    scene = await _scene(api, world, ParentAccess.BREAK_GLASS, ParentAccess.NONE)
    agency = scene.agency
    opening = await break_glass(world, agency.hotel, agency.above.person)
    ended = await scene.step("breakGlassEnd", agency.above, breakGlassId=opening.id)
    assert ended == {Place(agency.hotel.id, agency.above.person.id): Change(_NOTHING, _MORE_THAN_LEAST)}


async def test_glass_ends_with_the_membership_above(api: Api, world: World) -> None:
    """Who is removed loses what it had opened below, and keeps what another membership opens."""
    scene = await _scene(api, world, ParentAccess.BREAK_GLASS, ParentAccess.BREAK_GLASS)
    agency = scene.agency
    of_hotel = await world.member(agency.hotel, BuiltinRole.ADMINISTRATOR, agency.above.person)
    await break_glass(world, agency.hotel, agency.above.person)
    await break_glass(world, agency.spa, agency.above.person)
    removed = await scene.step("memberRemove", scene.watcher, memberId=of_hotel.id)
    lost = [_lost(removed, agency.above, account) for account in scene.tree]
    assert lost == [_NOTHING, _NOTHING, _MORE_THAN_LEAST, _MORE_THAN_LEAST]
    left = await scene.step("memberRemove", scene.watcher, memberId=agency.above.id)
    gone = [account for account in scene.tree if "ACCOUNT_READ" in _lost(left, agency.above, account)]
    assert gone == list(scene.tree)
