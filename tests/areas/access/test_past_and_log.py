"""The log and the past tell the same: the log is replayed, and each moment of it is asked about (N2)."""

import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.access.past import listed_at, now
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, done
from tests.world.world import Account, Member, World

_LOG = """query ($id: ID!) { account(id: $id) { events(first: 100) {
  nodes { type subjectId createdAt before after } } } }"""
_ROLES = (BuiltinRole.FINANCE, BuiltinRole.MARKETER, BuiltinRole.DEVELOPER, BuiltinRole.ANALYST)
_GIVES = {
    BuiltinRole.FINANCE: "INVOICES_READ",
    BuiltinRole.MARKETER: "CONTACTS_READ",
    BuiltinRole.DEVELOPER: "API_KEYS_READ",
    BuiltinRole.ANALYST: "STATISTICS_READ",
}
"""What tells the role."""
_TOLD = ("INVOICES_READ", "CONTACTS_READ", "API_KEYS_READ")


async def test_what_the_log_replays_is_what_the_past_shows(
    api: Api, world: World, database: AsyncEngine
) -> None:
    """At the time of each event all that is logged before it holds, and it does not yet: a change begins to
    hold behind its locks."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    members = [await world.member(account, BuiltinRole.ANALYST) for _ in range(3)]
    for number, role in enumerate(_ROLES * 2):
        await _give(api, owner, members[number % 2], role)
    await done(api, "memberRemove", owner, memberId=members[0].id)
    robot = {"accountId": account.id, "name": "Robot", "roleId": ROLE_IDS[BuiltinRole.MARKETER]}
    made = await done(api, "apiKeyCreate", owner, "apiKey { id }", **robot)
    await done(api, "apiKeyRevoke", owner, apiKeyId=made["apiKey"]["id"])
    end = await now(database)

    log = await _log(api, owner, account)
    people = {member.id: member.person.id for member in members}
    replayed: dict[str, str] = dict.fromkeys(people.values(), "ANALYST")
    assert len(log) > len(_ROLES) * 2
    for event in log:
        at = datetime.datetime.fromisoformat(event["createdAt"])
        assert await _roles_at(api, owner, account, at) == replayed
        _replay(replayed, people, event)
    assert await _roles_at(api, owner, account, end) == replayed


async def _give(api: Api, owner: Member, member: Member, role: BuiltinRole) -> None:
    await done(api, "memberUpdate", owner, memberId=member.id, roleId=ROLE_IDS[role])


async def _log(api: Api, owner: Member, account: Account) -> list[dict[str, Any]]:
    """The oldest first."""
    found = (await api.read(_LOG, owner, id=account.id))["account"]["events"]["nodes"]
    return list(reversed(found))


def _replay(replayed: dict[str, str], people: dict[str, str], event: dict[str, Any]) -> None:
    """What the event says has changed."""
    subject = people.get(event["subjectId"], event["subjectId"])
    match event["type"]:
        case "MEMBER_UPDATED":
            replayed[subject] = event["after"]["role"]
        case "MEMBER_REMOVED" | "API_KEY_REVOKED":
            del replayed[subject]
        case "API_KEY_CREATED":
            replayed[subject] = event["after"]["role"]
        case kind:
            raise AssertionError(f"nobody did {kind}")


async def _roles_at(api: Api, owner: Member, account: Account, moment: datetime.datetime) -> dict[str, str]:
    """The role of everybody but the owner, by what it gives."""
    listed = await listed_at(api, owner, account, moment)
    return {
        subject: next(
            (role.name for role in _ROLES if _GIVES[role] in held and _GIVES[role] in _TOLD), "ANALYST"
        )
        for subject, held in listed.items()
        if subject != owner.person.id
    }
