"""The log of a whole subtree, filtered by time, by who acted and by what was changed."""

import datetime
from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from tests.client.api import Api, Caller
from tests.client.links import set_parent_access
from tests.client.mutations import ROLE_IDS, done
from tests.world.brand import Brand
from tests.world.world import Account, World

_FAR_EAST = datetime.timezone(datetime.timedelta(hours=13))
_EVENTS = """query ($id: ID!, $below: Boolean!, $first: Int, $after: String, $types: [EventType!],
    $since: DateTime, $until: DateTime, $actor: ID, $subject: ID) { account(id: $id) {
  events(includeDescendants: $below, first: $first, after: $after, types: $types,
    since: $since, until: $until, actorId: $actor, subjectId: $subject) {
    totalCount pageInfo { endCursor hasNextPage }
    nodes { id type subjectId createdAt account { id name } } } } }"""


async def _page(api: Api, caller: Caller, account: Account, **filters: Any) -> dict[str, Any]:
    names = ("first", "after", "types", "since", "until", "actor", "subject")
    values = dict.fromkeys(names) | {"below": True} | filters
    answer = await api.ask(_EVENTS, caller, id=account.id, **values)
    assert answer.errors == [], answer.errors
    page: dict[str, Any] = answer.data["account"]["events"]
    return page


async def _found(api: Api, caller: Caller, account: Account, **filters: Any) -> list[str]:
    """The names of the events' accounts, newest first."""
    page = await _page(api, caller, account, first=100, **filters)
    assert page["totalCount"] == len(page["nodes"])
    return [node["account"]["name"] for node in page["nodes"]]


async def _rename(api: Api, caller: Caller, account: Account, *names: str) -> None:
    for name in names:
        await done(api, "accountUpdate", caller, accountId=account.id, name=name)


async def test_the_logs_of_a_subtree_are_one_list(api: Api, world: World, brand: Brand) -> None:
    administrator = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    await _rename(api, brand.owner, brand.store, "Shop", "Store")
    await _rename(api, brand.owner, brand.uk, "Marketing GB")
    await _rename(api, administrator, brand.us, "US")
    assert await _found(api, brand.owner, brand.master) == ["US", "Marketing GB", "Store", "Store"]
    assert await _found(api, administrator, brand.us) == ["US", "Store", "Store"]
    assert await _found(api, brand.owner, brand.us, below=False) == ["US"]
    assert await _found(api, brand.owner, brand.master, types=["MEMBER_REMOVED"]) == []
    everything = await _found(api, brand.owner, brand.master)
    assert everything
    assert await _found(api, brand.owner, brand.master, types=[]) == everything
    await set_parent_access(world, brand.store, ParentAccess.NONE)
    assert await _found(api, brand.owner, brand.master) == ["US", "Marketing GB"]


async def test_its_pages_follow_each_other_in_both_directions(api: Api, brand: Brand) -> None:
    for name in ("One", "Two", "Three"):
        for account in (brand.us, brand.store, brand.uk):
            await _rename(api, brand.owner, account, name)
    whole = [node["id"] for node in (await _page(api, brand.owner, brand.master, first=50))["nodes"]]
    assert whole == sorted(whole, reverse=True)
    assert len(whole) == 9
    found: list[str] = []
    after = None
    while len(found) < len(whole):
        page = await _page(api, brand.owner, brand.master, first=2, after=after)
        found += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        assert page["totalCount"] == len(whole)
        assert page["pageInfo"]["hasNextPage"] == (len(found) < len(whole))
    assert found == whole


async def test_events_are_found_by_time(api: Api, brand: Brand) -> None:
    """From a moment on, and before one, as `createdAt` tells it. Without an offset it is in UTC."""
    for name in ("One", "Two", "Three"):
        await _rename(api, brand.owner, brand.us, name)
        await _rename(api, brand.owner, brand.uk, name)
    nodes = (await _page(api, brand.owner, brand.master, first=50))["nodes"]
    moments = [node["createdAt"] for node in nodes]
    assert len(set(moments)) == 6
    for below, account in ((True, brand.master), (False, brand.us)):
        own = [node for node in nodes if below or node["account"]["id"] == account.id]
        for since, until in ((moments[3], None), (None, moments[3]), (moments[4], moments[1])):
            expected = [
                node["id"]
                for node in own
                if (since is None or node["createdAt"] >= since)
                and (until is None or node["createdAt"] < until)
            ]
            page = await _page(api, brand.owner, account, first=50, since=since, until=until, below=below)
            assert [node["id"] for node in page["nodes"]] == expected
    later = [node["account"]["name"] for node in nodes if node["createdAt"] >= moments[3]]
    without = moments[3].removesuffix("+00:00")
    elsewhere = datetime.datetime.fromisoformat(moments[3]).astimezone(_FAR_EAST).isoformat()
    assert without != moments[3] != elsewhere
    for since in (without, elsewhere):
        assert await _found(api, brand.owner, brand.master, since=since) == later, since
    assert await _found(api, brand.owner, brand.master, since="9999-12-31T00:00:00Z") == []
    assert await _found(api, brand.owner, brand.master, until="0001-01-02T00:00:00Z") == []
    answer = await api.ask(
        "query ($id: ID!) { account(id: $id) { events(since: $a, until: $b) { totalCount } } }".replace(
            "$a", f'"{moments[0]}"'
        ).replace("$b", f'"{moments[3]}"'),
        brand.owner,
        id=brand.us.id,
    )
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_events_are_found_by_who_acted(api: Api, world: World, brand: Brand) -> None:
    administrator = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    key = await world.api_key(brand.us, BuiltinRole.ADMINISTRATOR)
    await _rename(api, administrator, brand.us, "US")
    await _rename(api, key, brand.store, "Shop")
    await _rename(api, brand.owner, brand.store, "Store")
    theirs = {administrator.person.id: ["US"], key.id: ["Store"], brand.owner.person.id: ["Store"]}
    for actor, accounts in theirs.items():
        assert await _found(api, brand.owner, brand.master, actor=actor) == accounts
    stranger = await world.person()
    for nobody in (stranger.id, brand.us.id, "x"):
        assert await _found(api, brand.owner, brand.master, actor=nobody) == []


async def test_who_may_not_see_who_acted_does_not_find_it_so(api: Api, world: World, brand: Brand) -> None:
    """By AUDIT_READ alone the actor is null; to count would tell."""
    await _rename(api, brand.owner, brand.us, "US")
    role = await world.role(brand.us, "ACCOUNT_READ AUDIT_READ")
    auditor = await world.member(brand.us, role)
    assert await _found(api, auditor, brand.us) == ["US"]
    assert await _found(api, auditor, brand.us, actor=brand.owner.person.id) == []


async def test_events_are_found_by_what_was_changed(api: Api, world: World, brand: Brand) -> None:
    member = await world.member(brand.store, BuiltinRole.ANALYST)
    raised = {"memberId": member.id, "roleId": ROLE_IDS[BuiltinRole.MARKETER]}
    await done(api, "memberUpdate", brand.owner, **raised)
    await _rename(api, brand.owner, brand.store, "Shop")
    await done(api, "memberRemove", brand.owner, memberId=member.id)
    page = await _page(api, brand.owner, brand.master, subject=member.id)
    assert [node["type"] for node in page["nodes"]] == ["MEMBER_REMOVED", "MEMBER_UPDATED"]
    assert page["totalCount"] == 2
    assert await _found(api, brand.owner, brand.master, subject=brand.store.id) == ["Shop"]
    assert await _found(api, brand.owner, brand.uk, subject=brand.store.id) == []
