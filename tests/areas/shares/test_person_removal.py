"""A person is removed from a whole subtree at once, and no way in is left."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus, ParentAccess
from models.api_keys.tables import WhenMakerLosesAccess
from tests.areas.effects.log import events_of, mail_to, mails_to
from tests.client.api import Api, Caller
from tests.client.links import set_parent_access
from tests.client.mutations import ROLE_IDS, Token, attempt, code_of, done
from tests.engine.statements import statements
from tests.world.brand import Brand, given, offer_of
from tests.world.world import Account, Person, World

_REMOVE = (
    "account { id } removedMemberIds endedShareIds revokedInvitationIds workingApiKeys "
    "accessChanges { accountId }"
)
_SEEN = "{ viewer { accounts { nodes { id } } } }"


async def _remove(api: Api, caller: Caller, account: Account, person: Person, **more: Any) -> dict[str, Any]:
    values = {"accountId": account.id, "userId": person.id, **more}
    payload: dict[str, Any] = await done(api, "personRemove", caller, _REMOVE, **values)
    return payload


async def _refusal(api: Api, caller: Caller, account: Account, person: Person) -> tuple[str, str | None]:
    made = await attempt(api, "personRemove", caller, accountId=account.id, userId=person.id)
    return made.code, made.named


async def _reached(api: Api, caller: Caller) -> set[str]:
    return {node["id"] for node in (await api.read(_SEEN, caller))["viewer"]["accounts"]["nodes"]}


async def test_memberships_shares_and_offers_end_everywhere_at_once(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    person = await world.person()
    member = await world.member(brand.us, BuiltinRole.ADMINISTRATOR, person)
    store = await world.member(brand.store, BuiltinRole.MARKETER, person)
    share = await given(api, database, brand, person, offer_of([brand.uk], person))
    values = {"accountId": brand.master.id, "email": person.email, "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    invited = await done(api, "memberInvite", brand.owner, "invitation { id }", **values, idempotencyKey="1")
    link = (await mails_to(database, person.email))[-1].token
    stranger = await world.member(brand.us, BuiltinRole.ANALYST)
    expected = {
        "removedMemberIds": [member.id, store.id],
        "endedShareIds": [share["id"]],
        "revokedInvitationIds": [invited["invitation"]["id"]],
        "workingApiKeys": 0,
    }
    planned = await _remove(api, brand.owner, brand.master, person, dryRun=True)
    assert {name: planned[name] for name in expected} == expected
    changed = {change["accountId"] for change in planned["accessChanges"]}
    assert changed == {brand.us.id, brand.store.id, brand.uk.id} == await _reached(api, person)
    removed = await _remove(api, brand.owner, brand.master, person)
    assert {name: removed[name] for name in expected} == expected
    assert removed["account"] == {"id": brand.master.id}
    assert await _reached(api, person) == set()
    assert await code_of(api, "invitationAccept", person, token=link) == "INVITATION_REVOKED"
    assert await _reached(api, stranger) == {brand.us.id}
    for account, kind in (
        (brand.us, "MEMBER_REMOVED"),
        (brand.store, "MEMBER_REMOVED"),
        (brand.uk, "SHARE_REVOKED"),
        (brand.master, "INVITATION_REVOKED"),
    ):
        assert (await events_of(api, brand.owner, account.id))[0]["type"] == kind
    assert await _refusal(api, brand.owner, brand.master, person) == ("NOT_FOUND", "userId")


async def test_only_the_subtree_is_left(api: Api, world: World, database: AsyncEngine, brand: Brand) -> None:
    """A share keeps the accounts that lie elsewhere; the offer of an ownership ends."""
    person = await world.person()
    share = await given(api, database, brand, person, offer_of([brand.us, brand.uk], person))
    await world.member(brand.store, BuiltinRole.MARKETER, person)
    removed = await _remove(api, brand.owner, brand.us, person)
    assert removed["endedShareIds"] == [share["id"]]
    assert await _reached(api, person) == {brand.uk.id}
    query = "query ($id: ID!) { node(id: $id) { ... on Share { status version accounts { id } } } }"
    found = (await api.read(query, brand.owner, id=share["id"]))["node"]
    assert found == {"status": "ACTIVE", "version": share["version"] + 1, "accounts": [{"id": brand.uk.id}]}


async def test_a_waiting_offer_is_taken_out_too(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    person = await world.person()
    await world.member(brand.store, BuiltinRole.ANALYST, person)
    await done(api, "shareCreate", brand.owner, "share { id }", **offer_of([brand.us], person))
    link = (await mail_to(database, person.email)).token
    removed = await _remove(api, brand.owner, brand.us, person)
    assert len(removed["endedShareIds"]) == 1
    assert await code_of(api, "shareAccept", person, token=link) == "SHARE_REVOKED"


async def test_the_last_owner_stays_and_nothing_else_ends(api: Api, world: World, brand: Brand) -> None:
    person = await world.person()
    await world.member(brand.store, BuiltinRole.OWNER, person)
    await world.member(brand.us, BuiltinRole.ANALYST, person)
    made = await attempt(api, "personRemove", brand.owner, accountId=brand.master.id, userId=person.id)
    assert made.code == "LAST_OWNER"
    assert made.user_error is not None
    assert [blocker["accountName"] for blocker in made.user_error["blockers"]] == ["Store"]
    assert await _reached(api, person) == {brand.us.id, brand.store.id}
    assert await events_of(api, brand.owner, brand.us.id) == []
    await world.member(brand.store, BuiltinRole.OWNER)
    await _remove(api, brand.owner, brand.master, person)
    assert await _reached(api, person) == set()


async def test_what_comes_from_above_is_refused(api: Api, world: World, brand: Brand) -> None:
    """The account's people could not promise that no way in is left."""
    owner = await world.member(brand.us, BuiltinRole.OWNER)
    above = await world.member(brand.master, BuiltinRole.ADMINISTRATOR)
    await world.member(brand.us, BuiltinRole.ANALYST, above.person)
    assert await _refusal(api, owner, brand.us, above.person) == ("INHERITED_MEMBER", "userId")
    assert await events_of(api, owner, brand.us.id) == []
    await set_parent_access(world, brand.us, ParentAccess.NONE)
    assert len((await _remove(api, owner, brand.us, above.person))["removedMemberIds"]) == 1


async def test_who_may_less_removes_nobody(
    api: Api, world: World, database: AsyncEngine, brand: Brand
) -> None:
    """Everything or nothing; and who sees nothing of the person learns nothing."""
    person = await world.person()
    await world.member(brand.us, BuiltinRole.OWNER, person)
    await world.member(brand.us, BuiltinRole.OWNER)
    await world.member(brand.store, BuiltinRole.ANALYST, person)
    administrator = await world.member(brand.us, BuiltinRole.ADMINISTRATOR)
    analyst = await world.member(brand.us, BuiltinRole.ANALYST)
    outside = await world.person()
    assert (await _refusal(api, administrator, brand.us, person))[0] == "ROLE_TOO_WIDE"
    assert (await _refusal(api, analyst, brand.us, person))[0] == "FORBIDDEN"
    assert (await _refusal(api, outside, brand.us, person))[0] == "NOT_FOUND"
    assert await _refusal(api, brand.owner, brand.uk, person) == ("NOT_FOUND", "userId")
    assert await _refusal(api, brand.owner, brand.us, outside) == ("NOT_FOUND", "userId")
    assert await _reached(api, person) == {brand.us.id, brand.store.id}


async def test_an_address_that_was_only_invited_is_nobody(api: Api, world: World, brand: Brand) -> None:
    """Who knows a person's id does not learn the address by it."""
    person = await world.person()
    values = {"accountId": brand.us.id, "email": person.email, "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    await done(api, "memberInvite", brand.owner, "invitation { id }", **values, idempotencyKey="1")
    assert await _refusal(api, brand.owner, brand.master, person) == ("NOT_FOUND", "userId")
    query = "query ($id: ID!) { account(id: $id) { invitations { nodes { status } } } }"
    found = (await api.read(query, brand.owner, id=brand.us.id))["account"]["invitations"]["nodes"]
    assert found == [{"status": "PENDING"}]


async def test_what_lies_behind_a_cut_link_is_not_touched(api: Api, world: World, brand: Brand) -> None:
    person = await world.person()
    await world.member(brand.us, BuiltinRole.ANALYST, person)
    await world.member(brand.store, BuiltinRole.ANALYST, person)
    await world.member(brand.store, BuiltinRole.OWNER)
    await set_parent_access(world, brand.store, ParentAccess.NONE)
    removed = await _remove(api, brand.owner, brand.master, person)
    assert len(removed["removedMemberIds"]) == 1
    assert await _reached(api, person) == {brand.store.id}


@pytest.mark.parametrize("status", AccountStatus)
async def test_it_only_takes_away_so_no_status_forbids_it(
    api: Api, world: World, brand: Brand, status: AccountStatus
) -> None:
    member = await world.member(brand.store, BuiltinRole.ANALYST)
    await world.set_status(brand.store, status)
    await _remove(api, brand.owner, brand.master, member.person)
    assert await _reached(api, member) == set()


@pytest.mark.parametrize("when", WhenMakerLosesAccess)
async def test_keys_follow_their_rule(
    api: Api, world: World, brand: Brand, when: WhenMakerLosesAccess
) -> None:
    person = await world.person()
    await world.member(brand.us, BuiltinRole.ADMINISTRATOR, person)
    key = {"accountId": brand.store.id, "name": "Nightly", "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    made = await done(api, "apiKeyCreate", person, "secret", **key, whenMakerLosesAccess=when.value)
    kept = when is WhenMakerLosesAccess.KEEP
    assert (await _remove(api, brand.owner, brand.master, person))["workingApiKeys"] == int(kept)
    answer = await api.ask(_SEEN, Token(made["secret"]))
    assert answer.codes == ([] if kept else ["UNAUTHENTICATED"])


async def test_many_accounts_take_the_statements_of_one(api: Api, world: World, brand: Brand) -> None:
    counts = []
    four = [brand.us, brand.uk, brand.store, brand.master]
    for accounts in (four, [brand.us], four):  # the first time their tree is not known
        person = await world.person()
        for account in accounts:
            await world.member(account, BuiltinRole.ANALYST, person)
        with statements() as seen:
            await _remove(api, brand.owner, brand.master, person)
        counts.append(len(seen))
    assert counts[1] == counts[2]
