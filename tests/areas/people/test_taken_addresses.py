"""The mailbox wins: an address counts for whoever proves it, however many people have typed it."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.people.mail_kinds import EMAIL_VERIFICATION, SIGN_UP_ATTEMPT, VERIFICATIONS
from tests.areas.people.squatters import (
    ACCOUNTS,
    MADE,
    OTHER_PASSWORD,
    Squatter,
    is_verified,
    mails_of,
    offered,
    reset_link,
    shared,
    squatting,
    works,
)
from tests.client.api import Api
from tests.client.mutations import Token, attempt, code_of, done
from tests.concurrency.gates import Gate, waits
from tests.world.world import PASSWORD, Member, World

_REQUEST = """mutation { emailVerificationRequest { user { emailVerifiedAt } userErrors { code } } }"""


async def _accounts(api: Api, token: str) -> set[str]:
    nodes = (await api.read(ACCOUNTS, Token(token)))["viewer"]["accounts"]["nodes"]
    return {node["id"] for node in nodes}


async def test_who_signs_up_by_an_invitation_has_the_address(
    api: Api, stranger: Api, database: AsyncEngine, squatter: Squatter, house: Member
) -> None:
    """The holder of the mailbox is a person of its own; whoever typed the address keeps what it made, and can
    never prove it."""
    link = (await mails_of(database, squatter.email, EMAIL_VERIFICATION))[0].token
    token = await offered(api, database, house, squatter.email)
    wanted = {"name": "Victim", "email": squatter.email, "password": OTHER_PASSWORD}
    made = await done(stranger, "signUp", None, MADE, **wanted, invitationToken=token)
    assert made["user"]["emailVerifiedAt"] is not None
    assert made["user"]["id"] != squatter.user_id
    assert await _accounts(api, made["token"]) == {house.account.id}
    assert await _accounts(api, squatter.session.token) == {squatter.account_id}
    codes = [
        await code_of(stranger, "emailVerify", squatter.session, token=link),
        await code_of(stranger, "signIn", None, email=squatter.email, password=PASSWORD),
        await code_of(stranger, "signIn", None, email=squatter.email, password=OTHER_PASSWORD),
    ]
    assert codes == ["LINK_NOT_VALID", "SIGN_IN_REFUSED", ""]
    assert await is_verified(database, squatter) is False


async def test_who_signs_up_by_a_share_has_the_address(
    api: Api, stranger: Api, database: AsyncEngine, squatter: Squatter, house: Member
) -> None:
    token = await shared(api, database, house, squatter.email)
    wanted = {"name": "Victim", "email": squatter.email, "password": OTHER_PASSWORD, "accountName": "Mine"}
    made = await done(stranger, "signUp", None, MADE, **wanted, shareToken=token)
    assert made["account"]["id"] != squatter.account_id
    assert await _accounts(api, made["token"]) == {made["account"]["id"], house.account.id}
    assert await _accounts(api, squatter.session.token) == {squatter.account_id}


async def test_only_an_open_link_for_the_very_address_does(
    api: Api, stranger: Api, world: World, database: AsyncEngine, squatter: Squatter, house: Member
) -> None:
    """And a verified person is replaced by nobody."""
    verified = await world.person()
    tokens = {email: await offered(api, database, house, email) for email in (squatter.email, verified.email)}
    other = await offered(api, database, house, "somebody.else@example.com")
    wanted = {"name": "X", "password": OTHER_PASSWORD}
    codes = [
        await code_of(stranger, "signUp", None, **wanted, email=squatter.email, invitationToken=other),
        await code_of(stranger, "signUp", None, **wanted, email=squatter.email, invitationToken="mdi_x"),
        await code_of(
            stranger, "signUp", None, **wanted, email=verified.email, invitationToken=tokens[verified.email]
        ),
        await code_of(
            stranger, "signUp", None, **wanted, email=squatter.email, shareToken="mdh_x", accountName="Y"
        ),
    ]
    assert codes == ["WRONG_PERSON", "NOT_FOUND", "SIGN_UP_REFUSED", "NOT_FOUND"]
    assert await works(api, squatter.session)
    assert await works(api, Token(verified.token))


async def test_the_person_itself_signs_up_by_an_invitation_and_loses_nothing(
    api: Api, stranger: Api, database: AsyncEngine, squatter: Squatter, house: Member
) -> None:
    """The password tells that it is the same."""
    token = await offered(api, database, house, squatter.email)
    wanted = {"name": "Another", "email": squatter.email, "password": PASSWORD, "invitationToken": token}
    made = await done(stranger, "signUp", None, MADE, **wanted)
    assert (made["user"]["name"], made["user"]["id"]) == ("Squatter", squatter.user_id)
    assert await works(api, squatter.session)
    assert await works(api, squatter.key)
    assert await is_verified(database, squatter) is True


async def _seen(stranger: Api, email: str) -> list[Any]:
    """All that somebody who signs up with the address is answered, then and later."""
    wanted = {"name": "A", "password": OTHER_PASSWORD, "accountName": "B", "email": email}
    made = await done(stranger, "signUp", None, MADE, **wanted)
    session, back = Token(made["token"]), {"email": email, "password": OTHER_PASSWORD}
    seen: list[Any] = [made["user"]["emailVerifiedAt"], made["user"]["name"], made.keys()]
    seen.append(await code_of(stranger, "signIn", None, **back))
    seen.append(await code_of(stranger, "signIn", None, **back, deviceToken=made["deviceToken"]))
    seen.append((await stranger.read(_REQUEST, session))["emailVerificationRequest"])
    seen.append(await code_of(stranger, "emailVerify", session, code="000000"))
    again = [(await attempt(stranger, "signUp", None, **wanted)).code for _ in range(5)]
    return [*seen, again]


async def test_who_signs_up_learns_nothing_of_others_and_a_mailbox_all(
    stranger: Api, world: World, database: AsyncEngine
) -> None:
    """T13: whether the address is free, was typed before, or was verified. How often is limited alike."""
    verified, free = await world.person(), f"free-{(await world.person()).email}"
    typed = (await squatting(stranger)).email
    seen = [await _seen(stranger, email) for email in (free, verified.email)]
    assert seen[0] == seen[1]
    assert seen[0][3:] == [
        "SIGN_IN_REFUSED",
        "",
        {"user": {"emailVerifiedAt": None}, "userErrors": []},
        "LINK_NOT_VALID",
        ["", "", "", "RATE_LIMITED", "RATE_LIMITED"],
    ]
    assert (await _seen(stranger, typed))[:7] == seen[0][:7]
    most = VERIFICATIONS.budgets[0].most
    told = await mails_of(database, verified.email, SIGN_UP_ATTEMPT)
    assert len(told) == most
    assert "\nhttp://mandant.test/password-reset\n" in told[0].body
    assert await mails_of(database, verified.email, EMAIL_VERIFICATION) == []
    assert await mails_of(database, free, SIGN_UP_ATTEMPT) == []
    assert len(await mails_of(database, free, EMAIL_VERIFICATION)) == most
    assert await works(stranger, Token(verified.token))
    signing_in = {"email": verified.email, "password": PASSWORD}
    assert await code_of(stranger, "signIn", None, **signing_in) == ""


async def test_of_two_who_prove_an_address_one_does(stranger: Api, database: AsyncEngine) -> None:
    """By two links in one mailbox, or by a link and a new password."""
    squatter = await squatting(stranger)
    wanted = {"name": "B", "email": squatter.email, "password": OTHER_PASSWORD, "accountName": "B"}
    other = Token((await done(stranger, "signUp", None, "token", **wanted))["token"])
    links = [mail.token for mail in await mails_of(database, squatter.email, EMAIL_VERIFICATION)]
    requests = [
        code_of(stranger, "emailVerify", caller, token=link)
        for caller, link in zip((squatter.session, other), links, strict=True)
    ]
    codes = await asyncio.gather(*requests)
    assert codes.count("") == 1
    assert set(codes) <= {"", "LINK_NOT_VALID", "CONFLICT"}
    again = [await code_of(stranger, "emailVerify", caller, token=links[0]) for caller in (other,)]
    assert again[0] in {"LINK_NOT_VALID", "WRONG_PERSON"}


@pytest.mark.parametrize("first", ["signUp", "passwordReset"])
async def test_of_an_invitation_and_a_new_password_the_first_has_the_address(
    first: str, api: Api, stranger: Api, database: AsyncEngine, squatter: Squatter, house: Member
) -> None:
    invitation = await offered(api, database, house, squatter.email)
    reset = await reset_link(stranger, database, squatter.email)
    wanted = {"name": "Victim", "email": squatter.email, "password": "by the invitation"}
    requests = {
        "signUp": code_of(stranger, "signUp", None, **wanted, invitationToken=invitation),
        "passwordReset": code_of(stranger, "passwordReset", None, token=reset, newPassword=OTHER_PASSWORD),
    }
    gate = Gate("INSERT INTO sessions" if first == "signUp" else "UPDATE users SET password_hash")
    leading = asyncio.create_task(gate.holding(requests.pop(first)))
    await gate.reached()
    (following,) = (asyncio.create_task(request) for request in requests.values())
    assert await waits(following, database)
    gate.open()
    assert await leading == ""
    # A link of somebody else's is void; an invitation is answered once, whoever's password holds.
    assert await following in ({"LINK_NOT_VALID", "CONFLICT"} if first == "signUp" else {"SIGN_UP_REFUSED"})
    signed_in = [
        await code_of(stranger, "signIn", None, email=squatter.email, password=password)
        for password in ("by the invitation", OTHER_PASSWORD, PASSWORD)
    ]
    assert sorted(signed_in) == ["", "SIGN_IN_REFUSED", "SIGN_IN_REFUSED"]
