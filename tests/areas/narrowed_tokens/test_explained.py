"""Why a narrowed token may do something, or may not."""

import datetime

import pytest
from sqlalchemy import func, update

from authz.policy.builtin_roles import BuiltinRole
from models.narrowed_tokens.tables import narrowed_tokens
from tests.areas.explain.asking import ask, why
from tests.areas.narrowed_tokens.narrowing import narrowed
from tests.authz.cases.moments import expire_session
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.world import Account, Member, World

READS = ["CONTACTS_READ"]


@pytest.fixture
async def account(world: World) -> Account:
    return await world.account(await world.account())


@pytest.fixture
async def member(world: World, account: Account) -> Member:
    return await world.member(account, BuiltinRole.ADMINISTRATOR)


async def test_it_says_what_the_token_and_what_its_parent_say(
    api: Api, account: Account, member: Member, world: World
) -> None:
    key = await world.api_key(account)
    for parent in (member, key):
        token = await narrowed(api, parent, [account], READS)
        for asker, subject in ((parent, token), (token, token), (token, None)):
            told = await why(api, asker, account, "CONTACTS_READ", subject)
            assert told.decision == "ALLOWED"
            assert told.data["subject"]["id"] == token.id
            assert [step for step in told.chain if step.startswith("TOKEN")] == [
                "TOKEN_STATE ALLOWS",
                "TOKEN_ACCOUNT ALLOWS",
                "TOKEN_SCOPE ALLOWS",
            ]
            denied = await why(api, asker, account, "CONTACTS_WRITE", subject)
            assert denied.decision == "DENIED"
            assert denied.step("TOKEN_SCOPE")["effect"] == "DENIES"
            assert denied.misses == {"The permissions of the token Widget leave CONTACTS_WRITE out.": True}


async def test_the_parents_denial_is_told(api: Api, account: Account, member: Member, world: World) -> None:
    owner = await world.member(account, BuiltinRole.OWNER)
    token = await narrowed(api, member, [account], READS)
    analyst = {"memberId": member.id, "permissions": None}
    role = await world.role(account, "ACCOUNT_READ")
    del analyst["permissions"]
    await done(api, "memberUpdate", owner, **analyst, roleId=role.id)
    told = await why(api, owner, account, "CONTACTS_READ", token)
    assert told.decision == "DENIED"
    assert told.step("TOKEN_SCOPE")["effect"] == "ALLOWS"
    assert "POLICY_LINE DENIES" in told.chain


async def test_an_account_that_it_does_not_name(
    api: Api, account: Account, member: Member, world: World
) -> None:
    below = await world.account(account)
    token = await narrowed(api, member, [account], READS)
    told = await why(api, member, below, "CONTACTS_READ", token)
    assert (told.decision, told.step("TOKEN_ACCOUNT")["effect"]) == ("DENIED", "DENIES")
    assert (await ask(api, token, below.id, "CONTACTS_READ")).codes == ["NOT_FOUND"]


async def test_a_token_that_has_ended(api: Api, account: Account, member: Member, world: World) -> None:
    owner = await world.member(account, BuiltinRole.OWNER)
    revoked, expired, orphan = [await narrowed(api, member, [account], READS) for _ in range(3)]
    await done(api, "tokenRevoke", member, narrowedTokenId=revoked.id)
    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=1)
    async with world.database.begin() as connection:
        last = update(narrowed_tokens).where(func.concat("ntok_", narrowed_tokens.c.id) == expired.id)
        await connection.execute(last.values(expires_at=past))
    for token, ending in ((revoked, "was revoked on"), (expired, "expired on")):
        told = await why(api, owner, account, "CONTACTS_READ", token)
        assert (told.decision, told.misses) == ("DENIED", {})
        assert ending in told.step("TOKEN_STATE")["sentence"]
    await expire_session(world.database, member.person)
    told = await why(api, owner, account, "CONTACTS_READ", orphan)
    assert told.step("TOKEN_STATE")["sentence"] == "The token Widget has ended with what it was made of."


async def test_who_may_ask(api: Api, account: Account, member: Member, world: World) -> None:
    """Who may ask about whom it acts for, and what it was made of."""
    key = await world.api_key(account)
    analyst = await world.member(account, BuiltinRole.ANALYST)
    owner = await world.member(account, BuiltinRole.OWNER)
    of_person = await narrowed(api, member, [account], READS)
    of_key = await narrowed(api, key, [account], READS)
    inner = await narrowed(api, of_person, [account], READS)
    for asker, token, codes in (
        (owner, of_person, []),
        (owner, of_key, []),
        (analyst, of_person, ["NOT_FOUND"]),
        (analyst, of_key, ["NOT_FOUND"]),
        (of_person, inner, []),
        (inner, of_person, ["NOT_FOUND"]),
        (of_key, of_person, ["NOT_FOUND"]),
    ):
        assert (await ask(api, asker, account.id, "CONTACTS_READ", token.id)).codes == codes
    unknown = "ntok_0190aaaa-0000-7000-8000-000000000000"
    assert (await ask(api, owner, account.id, "CONTACTS_READ", unknown)).codes == ["NOT_FOUND"]
