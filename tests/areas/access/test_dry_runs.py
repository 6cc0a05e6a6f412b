"""What a dry run tells, to whom, and what it leaves alone (N4)."""

import datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from models.api_keys.tables import WhenMakerLosesAccess
from models.effects.outbox import outbox_messages
from tests.authz.cases.moments import made_by
from tests.client.api import Api, Caller
from tests.client.links import set_parent_access
from tests.client.mutations import ROLE_IDS, attempt, done
from tests.world.brand import Brand, offer_of
from tests.world.shares import give_share
from tests.world.world import World

_CHANGES = "accessChanges { accountName kind subjectId subjectName gained lost } moreAccessChanges"


async def _told(api: Api, name: str, caller: Caller, /, **values: Any) -> list[dict[str, Any]]:
    payload = await done(api, name, caller, _CHANGES, dryRun=True, **values)
    assert payload["moreAccessChanges"] is False
    changes: list[dict[str, Any]] = payload["accessChanges"]
    return changes


def _subjects(changes: list[dict[str, Any]]) -> set[str]:
    return {change["subjectId"] for change in changes}


async def test_a_member_who_would_be_removed_takes_the_keys_along(
    api: Api, world: World, brand: Brand, database: AsyncEngine
) -> None:
    """Those that were made to stop; the others work on (N4: keys that stop working)."""
    member = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    stopping, lasting = [await world.api_key(brand.store, BuiltinRole.ANALYST) for _ in range(2)]
    await made_by(database, stopping, member.person, WhenMakerLosesAccess.STOP)
    await made_by(database, lasting, member.person, WhenMakerLosesAccess.KEEP)
    changes = await _told(api, "memberRemove", brand.owner, memberId=member.id)
    lost = {(change["accountName"], change["subjectId"]): set(change["lost"]) for change in changes}
    assert all(change["gained"] == [] for change in changes)
    assert lost.keys() == {
        ("Marketing US", member.person.id),
        ("Store", member.person.id),
        ("Store", stopping.id),
    }
    assert lost["Store", stopping.id] == {"ACCOUNT_READ", "STATISTICS_READ"}
    assert (await api.ask("{ viewer { id } }", stopping)).status == 200


async def test_a_key_that_would_be_made_has_a_name_and_no_id_and_no_secret(api: Api, brand: Brand) -> None:
    values = {"accountId": brand.uk.id, "name": "Robot", "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    selection = f"{_CHANGES} secret apiKey {{ id }}"
    payload = await done(api, "apiKeyCreate", brand.owner, selection, dryRun=True, **values)
    assert payload["secret"] is None
    assert payload["apiKey"] is None
    (change,) = payload["accessChanges"]
    assert (change["accountName"], change["kind"], change["subjectName"]) == (
        "Marketing UK",
        "API_KEY",
        "Robot",
    )
    assert change["subjectId"] is None
    assert change["gained"] == ["ACCOUNT_READ", "STATISTICS_READ"]


@pytest.mark.parametrize("mutation", ["memberInvite", "shareCreate"])
async def test_nothing_is_sent_and_no_key_is_used_up(
    mutation: str, api: Api, world: World, brand: Brand, database: AsyncEngine
) -> None:
    """What is offered gives nothing before it is accepted; the same idempotency key then does it."""
    person = await world.person()
    values = offer_of([brand.us], person)
    if mutation == "memberInvite":
        values["accountId"] = values.pop("accountIds")[0]
    assert await _told(api, mutation, brand.owner, **values) == []
    assert await _mails(database, person.email) == 0
    assert (await done(api, mutation, brand.owner, "replayed", **values)) == {
        "replayed": False,
        "userErrors": [],
    }
    assert await _mails(database, person.email) == 1
    payload = await done(api, mutation, brand.owner, f"replayed {_CHANGES}", dryRun=True, **values)
    assert payload["accessChanges"] == []


async def test_who_is_not_shown_keys_is_not_told_of_them(
    api: Api, world: World, brand: Brand, database: AsyncEngine
) -> None:
    """Nor is who is not shown members told of them; oneself in any case (R23, T31)."""
    rights = "ACCOUNT_READ STATISTICS_READ API_KEYS_WRITE"
    subject = await world.member(brand.us, await world.role(brand.master, rights))
    sees_members, sees_nobody = [
        await world.member(brand.us, await world.role(brand.master, f"{rights} MEMBERS_WRITE {more}"))
        for more in ("MEMBERS_READ", "AUDIT_READ")
    ]
    key = await world.api_key(brand.us, BuiltinRole.ANALYST)
    await made_by(database, key, subject.person, WhenMakerLosesAccess.STOP)
    person, values = subject.person.id, {"memberId": subject.id}
    assert _subjects(await _told(api, "memberRemove", brand.owner, **values)) == {person, key.id}
    assert _subjects(await _told(api, "memberRemove", sees_members, **values)) == {person}
    assert _subjects(await _told(api, "memberRemove", sees_nobody, **values)) == set()
    own = await _told(api, "memberLeave", sees_nobody, accountId=brand.us.id)
    assert _subjects(own) == {sees_nobody.person.id}


async def test_at_most_two_hundred_are_told(api: Api, world: World, brand: Brand) -> None:
    """The first ones, by account, and that there are more."""
    role = await world.role(brand.master, "ACCOUNT_READ CREDIT_READ")
    for _ in range(201):
        await world.member(brand.uk, role, await world.person())
    values = {"roleId": role.id, "expectedVersion": 1, "permissions": ["ACCOUNT_READ"]}
    payload = await done(api, "roleUpdate", brand.owner, _CHANGES, dryRun=True, **values)
    assert len(payload["accessChanges"]) == 200
    assert payload["moreAccessChanges"] is True
    assert {tuple(change["lost"]) for change in payload["accessChanges"]} == {("CREDIT_READ",)}


async def test_without_a_dry_run_nothing_of_it_is_told(api: Api, world: World, brand: Brand) -> None:
    member = await world.member(brand.us, BuiltinRole.ANALYST)
    payload = await done(api, "memberRemove", brand.owner, f"account {{ id }} {_CHANGES}", memberId=member.id)
    assert payload["accessChanges"] is None
    assert payload["account"] == {"id": brand.us.id}


async def test_a_refused_dry_run_tells_nothing_but_why(api: Api, brand: Brand) -> None:
    """As in earnest: the last owner cannot leave."""
    told = f"removedMemberId {_CHANGES}"
    tried = await attempt(api, "memberLeave", brand.owner, told, accountId=brand.master.id, dryRun=True)
    assert tried.code == "LAST_OWNER"
    assert (tried.payload["accessChanges"], tried.payload["removedMemberId"]) == (None, None)


async def test_one_after_the_other_in_one_request(api: Api, world: World, brand: Brand) -> None:
    """A dry run beside a change sees what was done before it, and what comes after does not see it."""
    member = await world.member(brand.us, BuiltinRole.ANALYST)
    query = """mutation ($id: ID!, $role: ID!) {
      a: memberUpdate(input: {memberId: $id, expectedVersion: 1, roleId: $role, dryRun: true}) {
        accessChanges { gained } }
      b: memberUpdate(input: {memberId: $id, expectedVersion: 1, roleId: $role}) { member { role { name } } }
      c: memberUpdate(input: {memberId: $id, expectedVersion: 2, roleId: $role, dryRun: true}) {
        accessChanges { gained } }
    }"""
    data = await api.read(query, brand.owner, id=member.id, role=ROLE_IDS[BuiltinRole.DEVELOPER])
    assert len(data["a"]["accessChanges"]) == 1
    assert data["b"]["member"]["role"]["name"] == "DEVELOPER"
    assert data["c"]["accessChanges"] == []


_LATER = """accessChanges { accountName subjectId gained lost oldEnds { endsAt permissions }
  newEnds { endsAt permissions } oldIpRanges newIpRanges }"""


async def _later(api: Api, name: str, caller: Caller, /, **values: Any) -> list[dict[str, Any]]:
    """What a dry run tells of the ends and bounds of rights."""
    payload = await done(api, name, caller, _LATER, dryRun=True, **values)
    changes: list[dict[str, Any]] = payload["accessChanges"]
    return changes


def _in(**span: int) -> datetime.datetime:
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(**span)
    return moment.replace(microsecond=0)


async def test_a_moved_end_is_told_where_no_right_changes(api: Api, world: World, brand: Brand) -> None:
    """Of a member, here and below."""
    end = _in(days=30)
    member = await world.member(brand.us, BuiltinRole.ADMINISTRATOR, expires_at=end)
    values = {"memberId": member.id, "roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR]}
    assert await _later(api, "memberUpdate", brand.owner, **values) == []
    changes = await _later(api, "memberUpdate", brand.owner, memberId=member.id, expiresAt=None)
    assert [change["accountName"] for change in changes] == ["Marketing US", "Store"]
    for change in changes:
        assert (change["gained"], change["lost"], change["newEnds"]) == ([], [], [])
        (old,) = change["oldEnds"]
        assert datetime.datetime.fromisoformat(old["endsAt"]) == end
        assert "MEMBERS_WRITE" in old["permissions"]
    later = _in(days=60)
    values = {"memberId": member.id, "expiresAt": later.isoformat()}
    change, _ = await _later(api, "memberUpdate", brand.owner, **values)
    assert datetime.datetime.fromisoformat(change["newEnds"][0]["endsAt"]) == later


async def test_what_two_grants_give_ends_with_the_last_of_them(api: Api, world: World, brand: Brand) -> None:
    """Beside a role from above that never ends, only what the other role gives more has an end."""
    person = await world.person()
    await world.member(brand.us, BuiltinRole.ADMINISTRATOR, person, expires_at=_in(days=9))
    role = await world.role(brand.master, "ACCOUNT_READ CREDIT_READ", "ACCOUNT_READ CREDIT_READ")
    above = await world.member(brand.master, role, person)
    ends = _in(days=3).isoformat()
    changes = await _later(api, "memberUpdate", brand.owner, memberId=above.id, expiresAt=ends)
    by_account = {change["accountName"]: change for change in changes}
    assert by_account.keys() == {"Brand", "Marketing UK", "Marketing US", "Store"}
    assert [len(by_account[name]["newEnds"]) for name in ("Brand", "Marketing UK")] == [1, 1]
    (old,), (new,) = by_account["Store"]["oldEnds"], by_account["Store"]["newEnds"]
    assert old["endsAt"] == new["endsAt"]
    assert set(new["permissions"]) - set(old["permissions"]) == {"ACCOUNT_READ", "CREDIT_READ"}


async def test_moved_ends_and_bounds_of_shares_and_keys_are_told(
    api: Api, world: World, brand: Brand
) -> None:
    guest = await world.person()
    share = await give_share(world, [brand.us, brand.uk], guest, brand.owner.person)
    end = _in(days=5)
    changes = await _later(api, "shareUpdate", brand.owner, shareId=share.id, expiresAt=end.isoformat())
    assert [(change["accountName"], change["gained"], change["lost"]) for change in changes] == [
        ("Marketing US", [], []),
        ("Marketing UK", [], []),
    ]
    assert [datetime.datetime.fromisoformat(change["newEnds"][0]["endsAt"]) for change in changes] == [
        end
    ] * 2
    key = await world.api_key(brand.us, BuiltinRole.ANALYST)
    values = {"apiKeyId": key.id, "expiresAt": end.isoformat(), "ipRanges": ["192.0.2.0/24"]}
    (change,) = await _later(api, "apiKeyUpdate", brand.owner, **values)
    assert (change["gained"], change["lost"], change["oldEnds"]) == ([], [], [])
    assert len(change["newEnds"]) == 1
    assert (change["oldIpRanges"], change["newIpRanges"]) == ([], ["192.0.2.0/24"])
    assert await _later(api, "apiKeyUpdate", brand.owner, apiKeyId=key.id, name="New") == []


async def test_what_is_gained_for_hours_is_told_to_end(api: Api, world: World, brand: Brand) -> None:
    await set_parent_access(world, brand.us, ParentAccess.BREAK_GLASS)
    values = {"accountId": brand.us.id, "reason": "Fire", "hours": 2}
    changes = await _later(api, "breakGlassOpen", brand.owner, **values)
    own = {
        change["accountName"]: change for change in changes if change["subjectId"] == brand.owner.person.id
    }
    (end,) = own["Marketing US"]["newEnds"]
    assert set(end["permissions"]) == set(own["Marketing US"]["gained"]) != set()
    assert _in(hours=1) < datetime.datetime.fromisoformat(end["endsAt"]) < _in(hours=3)


async def _mails(database: AsyncEngine, recipient: str) -> int:
    counted = select(func.count()).where(outbox_messages.c.recipient == recipient)
    async with database.connect() as connection:
        found: int = (await connection.execute(counted)).scalar_one()
    return found
