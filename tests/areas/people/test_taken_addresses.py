"""The mailbox wins: whoever holds it takes an address back that another signed up with."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from resolvers.people.mail_kinds import SIGN_UP_ATTEMPT, SIGN_UP_ATTEMPTS
from tests.areas.effects.log import events_of
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


@pytest.mark.parametrize("role", [BuiltinRole.MARKETER, BuiltinRole.OWNER])
async def test_an_invitation_takes_the_address_back(
    role: BuiltinRole, api: Api, stranger: Api, database: AsyncEngine, squatter: Squatter, house: Member
) -> None:
    """The holder of the mailbox is the person from now on; to own the account that it is invited to, it
    leaves the squatted one behind."""
    token = await offered(api, database, house, squatter.email, role)
    wanted = {"name": "Victim", "email": squatter.email, "password": OTHER_PASSWORD}
    made = await done(stranger, "signUp", None, MADE, **wanted, invitationToken=token)
    assert made["user"]["name"] == "Victim"
    assert made["user"]["emailVerifiedAt"] is not None
    assert not await works(api, squatter.session)
    assert not await works(api, squatter.key)
    squatting = {"email": squatter.email, "password": PASSWORD}
    assert await code_of(stranger, "signIn", None, **squatting) == "SIGN_IN_REFUSED"
    seen = (await api.read(ACCOUNTS, Token(made["token"])))["viewer"]["accounts"]["nodes"]
    kept = [] if role is BuiltinRole.OWNER else [squatter.account_id]
    assert sorted(node["id"] for node in seen) == sorted([house.account.id, *kept])
    if kept:
        (event, *_) = await events_of(api, Token(made["token"]), squatter.account_id)
        assert (event["kind"], event["before"]) == ("API_KEY_REVOKED", {"name": "First key"})


async def test_a_share_takes_the_address_back(
    api: Api, stranger: Api, database: AsyncEngine, squatter: Squatter, house: Member
) -> None:
    token = await shared(api, database, house, squatter.email)
    wanted = {"name": "Victim", "email": squatter.email, "password": OTHER_PASSWORD, "accountName": "Mine"}
    made = await done(stranger, "signUp", None, MADE, **wanted, shareToken=token)
    assert (made["account"]["id"], made["secret"]) == (squatter.account_id, None)
    assert not await works(api, squatter.session)
    assert not await works(api, squatter.key)
    seen = (await api.read(ACCOUNTS, Token(made["token"])))["viewer"]["accounts"]["nodes"]
    assert {node["id"] for node in seen} == {squatter.account_id, house.account.id}


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
    assert await works(api, squatter.key)
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


async def test_who_signs_up_with_a_taken_address_learns_nothing_and_its_mailbox_all(
    stranger: Api, world: World, database: AsyncEngine, squatter: Squatter
) -> None:
    """Verified or not, the answer and the mail are the same; there are few of them."""
    verified = await world.person()
    wanted = {"name": "A", "password": OTHER_PASSWORD, "accountName": "B"}
    answers: list[Any] = [
        (await attempt(stranger, "signUp", None, **wanted, email=email)).user_error
        for email in (squatter.email, verified.email)
        for _ in range(SIGN_UP_ATTEMPTS.budgets[0].most + 1)
    ]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["code"] == "SIGN_UP_REFUSED"
    told = [await mails_of(database, email, SIGN_UP_ATTEMPT) for email in (squatter.email, verified.email)]
    assert [len(mails) for mails in told] == [SIGN_UP_ATTEMPTS.budgets[0].most] * 2
    assert told[0][0].body == told[1][0].body
    assert "\nhttp://mandant.test/password-reset\n" in told[0][0].body


async def test_of_two_who_take_an_address_back_one_does(
    api: Api, stranger: Api, database: AsyncEngine, squatter: Squatter, house: Member
) -> None:
    """By an invitation and by a new password: what is left is one person that nobody else opens.

    Each locks the person before its links, so that the second waits for the first, and neither for the other.
    """
    for first in ("signUp", "passwordReset"):
        address = squatter if first == "signUp" else await squatting(stranger)
        invitation = await offered(api, database, house, address.email)
        reset = await reset_link(stranger, database, address.email)
        wanted = {"name": "Victim", "email": address.email, "password": "by the invitation"}
        requests = {
            "signUp": code_of(stranger, "signUp", None, **wanted, invitationToken=invitation),
            "passwordReset": code_of(
                stranger, "passwordReset", None, token=reset, newPassword=OTHER_PASSWORD
            ),
        }
        gate = Gate("UPDATE users SET password_hash")
        leading = asyncio.create_task(gate.holding(requests.pop(first)))
        await gate.reached()
        (following,) = (asyncio.create_task(request) for request in requests.values())
        assert await waits(following, database)
        gate.open()
        assert await leading == ""
        # The link is gone with the first; an invitation is answered once, whoever's password holds.
        assert await following == ("LINK_NOT_VALID" if first == "signUp" else "SIGN_UP_REFUSED")
        assert not await works(api, address.session)
        assert not await works(api, address.key)
        signed_in = [
            await code_of(stranger, "signIn", None, email=address.email, password=password)
            for password in ("by the invitation", OTHER_PASSWORD, PASSWORD)
        ]
        assert sorted(signed_in) == ["", "SIGN_IN_REFUSED", "SIGN_IN_REFUSED"]
