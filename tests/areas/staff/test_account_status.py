"""Platform staff suspend and resume master accounts (R88)."""

from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from tests.areas.effects.log import mails_to
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, attempt, code_of, done
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.brand import Brand, brand_of
from tests.world.staff import staff_member
from tests.world.world import Account, World

_STATUSES = "query ($id: ID!) { account(id: $id) { status ownStatus version } }"
_EVENTS = """query ($id: ID!) { account(id: $id) { events(first: 1) {
  totalCount nodes { type reason actorName before after }
} } }"""


def _because(account: Account, reason: str = "It was broken into.") -> dict[str, object]:
    return {"accountId": account.id, "reason": reason}


async def _shown(api: Api, brand: Brand, account: Account) -> Any:
    return (await api.read(_STATUSES, brand.owner, id=account.id))["account"]


async def test_everything_below_is_suspended_until_staff_resume(api: Api, world: World, brand: Brand) -> None:
    """Nobody of the tree can undo it, and what only takes away still works."""
    agent, analyst = await staff_member(world), await world.member(brand.us, BuiltinRole.ANALYST)
    made = await done(api, "accountStaffSuspend", agent, "account { id status }", **_because(brand.master))
    assert made["account"] == {"id": brand.master.id, "status": "SUSPENDED"}
    assert await _shown(api, brand, brand.master) == {
        "status": "SUSPENDED",
        "ownStatus": "SUSPENDED",
        "version": 2,
    }
    assert (await _shown(api, brand, brand.store))["status"] == "SUSPENDED"
    rename = {"accountId": brand.store.id, "expectedVersion": 1, "name": "New"}
    assert await code_of(api, "accountUpdate", brand.owner, **rename) == "ACCOUNT_SUSPENDED"
    assert await code_of(api, "accountResume", brand.owner, accountId=brand.master.id) == "FORBIDDEN"
    await done(api, "memberRemove", brand.owner, memberId=analyst.id)
    await done(api, "accountStaffResume", agent, **_because(brand.master, "It is theirs again."))
    assert (await _shown(api, brand, brand.store))["status"] == "ACTIVE"
    await done(api, "accountUpdate", brand.owner, **rename)


async def test_the_log_and_the_owners_are_told(api: Api, world: World, brand: Brand) -> None:
    """And nobody else: who runs the account, or owns one below."""
    agent = await staff_member(world)
    second = await world.member(brand.master, BuiltinRole.OWNER)
    others = [
        await world.member(brand.master, BuiltinRole.ADMINISTRATOR),
        await world.member(brand.us, BuiltinRole.OWNER),
    ]
    for mutation, event_type, statuses, subject in (
        ("accountStaffSuspend", "ACCOUNT_SUSPENDED", ("ACTIVE", "SUSPENDED"), "suspended"),
        ("accountStaffResume", "ACCOUNT_RESUMED", ("SUSPENDED", "ACTIVE"), "active again"),
    ):
        for _ in ("done", "again, which changes nothing"):
            await done(api, mutation, agent, **_because(brand.master, "See ticket.example.com"))
        (event,) = (await api.read(_EVENTS, brand.owner, id=brand.master.id))["account"]["events"]["nodes"]
        assert event == {
            "type": event_type,
            "reason": "See ticket.example.com",
            "actorName": "Platform support",
            "before": {"status": statuses[0]},
            "after": {"status": statuses[1]},
        }
        for owner in (brand.owner, second):
            mails = await mails_to(world.database, owner.person.email)
            (mail,) = [each for each in mails if each.subject.endswith(subject)]
            assert brand.master.id in mail.body
            assert "“See ticket[.]example[.]com”" in mail.body
    for other in others:
        assert await mails_to(world.database, other.person.email) == []
    events = (await api.read(_EVENTS, brand.owner, id=brand.master.id))["account"]["events"]
    assert events["totalCount"] == 2


async def test_what_is_refused_changes_nothing(api: Api, world: World, brand: Brand) -> None:
    agent, insider = await staff_member(world), await staff_member(world)
    await world.member(brand.uk, BuiltinRole.ANALYST, insider)
    closed = await world.account()
    await world.set_status(closed, AccountStatus.CLOSED)
    before = await world.state(brand.master, closed)
    for mutation in ("accountStaffSuspend", "accountStaffResume"):
        for caller, values, code in (
            (agent, _because(brand.us), "FAILED_PRECONDITION"),
            (agent, _because(closed), "ACCOUNT_CLOSED"),
            (agent, _because(brand.master, " "), "BAD_USER_INPUT"),
            (agent, _because(brand.master, "x" * 201), "BAD_USER_INPUT"),
            (insider, _because(brand.master), "OWN_TREE"),
            (brand.owner, _because(brand.master), "NOT_FOUND"),
        ):
            assert (await attempt(api, mutation, caller, **values)).code == code, (mutation, code)
    assert await world.state(brand.master, closed) == before


async def test_beside_a_write_below_and_another_suspension(api: Api, world: World) -> None:
    """Whichever is first: it is suspended once, and what comes after is refused."""
    one, other = await staff_member(world), await staff_member(world)
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        offer = {"accountId": brand.us.id, "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
        codes = await at_once(
            code_of(api, "accountStaffSuspend", one, **_because(brand.master)),
            code_of(api, "accountStaffSuspend", other, **_because(brand.master)),
            code_of(api, "memberInvite", brand.owner, **offer, email="a@example.com", idempotencyKey="1"),
        )
        assert codes[:2] == ["", ""]
        assert codes[2] in ("", "ACCOUNT_SUSPENDED")
        assert (await _shown(api, brand, brand.master))["version"] == 2
        late = {"email": "b@example.com", "idempotencyKey": "2"}
        assert await code_of(api, "memberInvite", brand.owner, **offer, **late) == "ACCOUNT_SUSPENDED"
