"""What was taken away is refused by the very next request, on every process (T8, N7).

Each test lets two instances of the application on one database answer first, so that whatever either of them
might remember is there, then takes something away through the first, and asks both again.
"""

from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import RightsInheritance
from tests.authz.cases.moments import expire_key, expire_member, expire_session, hash_quickly, open_session
from tests.authz.escalation.outcomes import DONE, mutate, outcome
from tests.authz.matrix.matrix_callers import Bearer
from tests.authz.rules.invitation_links import role_id
from tests.client.api import Api, Caller
from tests.world.world import PASSWORD, Account, Member, World

NOT_ACCEPTED = "401 UNAUTHENTICATED"
NEW_PASSWORD = "a better horse battery"


class Processes:
    """Both instances, asked one after the other."""

    def __init__(self, first: Api, second: Api) -> None:
        self.first = first
        self.second = second

    async def read(self, caller: Caller, account: Account) -> list[str]:
        """What becomes of reading the account."""
        query = "query ($id: ID!) { account(id: $id) { name } }"
        return [
            outcome(await api.ask(query, caller, id=account.id), "account")
            for api in (self.first, self.second)
        ]

    async def write(self, caller: Caller, account: Account) -> list[str]:
        """What becomes of a change in the account; the second is asked first, so that none helps it."""
        values = {"accountId": account.id, "expectedVersion": -1}
        return [
            outcome(await mutate(api, "accountUpdate", caller, values), "accountUpdate")
            for api in (self.second, self.first)
        ]

    async def do(self, name: str, caller: Caller, values: dict[str, Any] | None = None) -> Any:
        """Change something through the first. The payload."""
        answer = await mutate(self.first, name, caller, values)
        assert outcome(answer, name) == DONE
        return answer.data[name]


ALLOWED = ["CONFLICT", "CONFLICT"]
"""The version is never right: who may change the account gets as far as that, and changes nothing."""


@pytest.fixture
def processes(api: Api, other_process: Api) -> Processes:
    """Nothing but the database is common to them."""
    return Processes(api, other_process)


@pytest.fixture
async def account(world: World) -> Account:
    """A subaccount."""
    return await world.account(await world.account())


@pytest.fixture
async def owner(world: World, account: Account) -> Member:
    """The account's owner, who takes away."""
    return await world.member(account, BuiltinRole.OWNER)


@pytest.fixture
async def member(world: World, account: Account) -> Member:
    """The administrator, from whom it is taken."""
    return await world.member(account, BuiltinRole.ADMINISTRATOR)


async def test_signing_out(member: Member, account: Account, processes: Processes, world: World) -> None:
    """Ends this session and no other."""
    other = Bearer(await open_session(world.database, member.person))
    assert await processes.read(member, account) == [DONE, DONE]
    await processes.do("signOut", member)
    assert await processes.read(member, account) == [NOT_ACCEPTED] * 2
    assert await processes.write(member, account) == [NOT_ACCEPTED] * 2
    assert await processes.read(other, account) == [DONE, DONE]


async def test_a_session_that_ends(
    member: Member, account: Account, processes: Processes, world: World
) -> None:
    """By itself, by the database's clock."""
    assert await processes.read(member, account) == [DONE, DONE]
    await expire_session(world.database, member.person)
    assert await processes.read(member, account) == [NOT_ACCEPTED] * 2


async def test_changing_the_password(
    member: Member, account: Account, processes: Processes, world: World
) -> None:
    """Ends every other session, and the old password opens none."""
    await hash_quickly(world.database, member.person)
    stolen = Bearer(await open_session(world.database, member.person))
    assert await processes.read(stolen, account) == [DONE, DONE]
    await processes.do("passwordChange", member, {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD})
    assert await processes.read(stolen, account) == [NOT_ACCEPTED] * 2
    assert await processes.read(member, account) == [DONE, DONE]
    old = {"email": member.person.email, "password": PASSWORD}
    refused = await mutate(processes.second, "signIn", None, old)
    assert outcome(refused, "signIn") == "SIGN_IN_REFUSED"
    opened = await processes.do("signIn", Bearer(member.token), old | {"password": NEW_PASSWORD})
    assert await processes.read(Bearer(opened["token"]), account) == [DONE, DONE]


async def test_removing_a_member(
    owner: Member, member: Member, account: Account, processes: Processes
) -> None:
    """The session stays, the account is no longer there."""
    assert await processes.write(member, account) == ALLOWED
    await processes.do("memberRemove", owner, {"memberId": member.id})
    assert await processes.read(member, account) == ["NOT_FOUND"] * 2
    assert await processes.write(member, account) == ["NOT_FOUND"] * 2


async def test_leaving(member: Member, account: Account, processes: Processes) -> None:
    """As being removed."""
    assert await processes.write(member, account) == ALLOWED
    await processes.do("memberLeave", member, {"accountId": account.id})
    assert await processes.read(member, account) == ["NOT_FOUND"] * 2


async def test_changing_a_role(owner: Member, member: Member, account: Account, processes: Processes) -> None:
    """Down, and up again: nothing is remembered either way."""
    assert await processes.write(member, account) == ALLOWED
    update = {"memberId": member.id, "roleId": role_id(BuiltinRole.ANALYST)}
    await processes.do("memberUpdate", owner, update)
    assert await processes.write(member, account) == ["FORBIDDEN ACCOUNT_WRITE"] * 2
    assert await processes.read(member, account) == [DONE, DONE]
    update = {"memberId": member.id, "roleId": role_id(BuiltinRole.ADMINISTRATOR)}
    await processes.do("memberUpdate", owner, update)
    assert await processes.write(member, account) == ALLOWED


async def test_a_membership_that_ends(
    member: Member, account: Account, processes: Processes, world: World
) -> None:
    """T9: by itself, by the database's clock."""
    assert await processes.write(member, account) == ALLOWED
    await expire_member(world.database, member)
    assert await processes.read(member, account) == ["NOT_FOUND"] * 2


async def test_handing_over_the_account(
    owner: Member, member: Member, account: Account, processes: Processes
) -> None:
    """The one who was the owner closes nothing any more."""
    transfer = {"accountId": account.id, "toMemberId": member.id}
    await processes.do("ownershipTransfer", owner, transfer)
    await processes.do("ownershipAccept", member, {"accountId": account.id})
    back = {"accountId": account.id, "toMemberId": owner.id, "fromMemberId": member.id}
    for api in (processes.second, processes.first):
        answer = await mutate(api, "ownershipTransfer", owner, back)
        assert outcome(answer, "ownershipTransfer") == "FORBIDDEN ACCOUNT_TRANSFER"


async def test_revoking_a_key(owner: Member, account: Account, processes: Processes, world: World) -> None:
    """And no other key of the account."""
    key, other = await world.api_key(account), await world.api_key(account)
    assert await processes.write(key, account) == ALLOWED
    await processes.do("apiKeyRevoke", owner, {"apiKeyId": key.id})
    assert await processes.read(key, account) == [NOT_ACCEPTED] * 2
    assert await processes.write(key, account) == [NOT_ACCEPTED] * 2
    assert await processes.write(other, account) == ALLOWED


async def test_rotating_a_key(owner: Member, account: Account, processes: Processes, world: World) -> None:
    """The old secret stops, the new one works, the rights are the same."""
    key = await world.api_key(account)
    assert await processes.write(key, account) == ALLOWED
    rotated = await processes.do("apiKeyRotate", owner, {"apiKeyId": key.id})
    assert await processes.write(key, account) == [NOT_ACCEPTED] * 2
    assert await processes.write(Bearer(rotated["secret"]), account) == ALLOWED


async def test_a_key_that_ends(account: Account, processes: Processes, world: World) -> None:
    """By itself, by the database's clock."""
    key = await world.api_key(account)
    assert await processes.read(key, account) == [DONE, DONE]
    await expire_key(world.database, key)
    assert await processes.read(key, account) == [NOT_ACCEPTED] * 2


async def test_suspending_an_account_above(
    member: Member, account: Account, processes: Processes, world: World
) -> None:
    """T7: from the next request on nothing below is changed; it is still read."""
    main = Account(account.master, account.master, "main", ())
    above = await world.member(main, BuiltinRole.ADMINISTRATOR)
    top = await world.account(main)
    branch = await world.account(top)
    below = await world.member(branch, BuiltinRole.ADMINISTRATOR)
    assert await processes.write(below, branch) == ALLOWED
    await processes.do("accountSuspend", above, {"accountId": top.id})
    assert await processes.write(below, branch) == ["ACCOUNT_SUSPENDED"] * 2
    assert await processes.read(below, branch) == [DONE, DONE]
    assert await processes.write(member, account) == ALLOWED
    await processes.do("accountResume", above, {"accountId": top.id})
    assert await processes.write(below, branch) == ALLOWED


async def test_passing_rights_down_no_longer(processes: Processes, world: World) -> None:
    """R66: what reached down by the account's setting ends with it."""
    main = await world.account()
    branch = await world.account(main)
    await world.set_inheritance(main, RightsInheritance.ALL_ROLES)
    owner = await world.member(main, BuiltinRole.OWNER)
    analyst = await world.member(main, BuiltinRole.ANALYST)
    assert await processes.read(analyst, branch) == [DONE, DONE]
    update = {"accountId": main.id, "expectedVersion": 1, "rightsInheritance": "ADMINISTRATORS"}
    await processes.do("accountUpdate", owner, update)
    assert await processes.read(analyst, branch) == ["NOT_FOUND"] * 2
    assert await processes.read(analyst, main) == [DONE, DONE]


IN_ONE_REQUEST = {
    "apiKeyRevoke": "apiKeyRevoke(input: {apiKeyId: $key}) { userErrors { code } }",
    "apiKeyRotate": "apiKeyRotate(input: {apiKeyId: $key}) { userErrors { code } }",
}


@pytest.mark.parametrize("ending", IN_ONE_REQUEST)
async def test_a_key_that_ends_itself_in_the_middle_of_a_request(
    ending: str, account: Account, api: Api, world: World
) -> None:
    """Each mutation of a document asks anew who asks: what comes after the end is refused."""
    key = await world.api_key(account)
    query = f"""mutation ($key: ID!, $account: ID!) {{
      before: accountUpdate(input: {{accountId: $account, expectedVersion: 1, name: "Before"}}) {{
        userErrors {{ code }}
      }}
      ending: {IN_ONE_REQUEST[ending]}
      after: accountUpdate(input: {{accountId: $account, expectedVersion: 2, name: "After"}}) {{
        account {{ name }} userErrors {{ code }}
      }}
    }}"""
    answer = await api.ask(query, key, key=key.id, account=account.id)
    assert answer.data["before"]["userErrors"] == []
    assert answer.data["ending"]["userErrors"] == []
    assert answer.data["after"] == {"account": None, "userErrors": [{"code": "NOT_FOUND"}]}


async def test_a_person_who_leaves_in_the_middle_of_a_request(
    member: Member, account: Account, api: Api
) -> None:
    """As above; and the payload of leaving shows the account no longer."""
    query = """mutation ($account: ID!) {
      memberLeave(input: {accountId: $account}) { account { name } userErrors { code } }
      accountUpdate(input: {accountId: $account, expectedVersion: 1, name: "After"}) { userErrors { code } }
    }"""
    data = await api.read(query, member, account=account.id)
    assert data["memberLeave"] == {"account": None, "userErrors": []}
    assert data["accountUpdate"]["userErrors"] == [{"code": "NOT_FOUND"}]
