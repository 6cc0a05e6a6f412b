"""The mailbox wins: an address that was never proved gives nothing, and a link to it takes it back."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.people.mailbox_links import mailbox_links
from models.people.users import users
from resolvers.effects.mail_limits import MailKind
from resolvers.invitations.mail_kinds import INVITATION
from resolvers.people.mail_kinds import (
    EMAIL_VERIFICATION,
    PASSWORD_RESET,
    PASSWORD_RESETS,
    SIGN_UP_ATTEMPT,
    SIGN_UP_ATTEMPTS,
    VERIFICATIONS,
)
from resolvers.shares.mail_kinds import SHARE
from tests.areas.effects.log import Mail, events_of, mail_to, mails_to
from tests.concurrency.gates import Gate, waits
from tests.world.api import Api
from tests.world.mutations import ROLE_IDS, Token, attempt, code_of, done
from tests.world.world import PASSWORD, Member, World

OTHER_PASSWORD = "the mailbox's own password"
_MADE = "token secret deviceToken user { id name emailVerifiedAt } account { id } apiKey { id }"
_ACCOUNTS = "{ viewer { user { id name email } accounts { nodes { id } } } }"


@dataclass(frozen=True)
class Squatter:
    """Somebody who signed up with another's address."""

    email: str
    session: Token
    key: Token
    device: str
    account_id: str
    user_id: str


@pytest.fixture
async def squatter(stranger: Api) -> Squatter:
    return await _squatting(stranger)


async def _squatting(stranger: Api) -> Squatter:
    """With an account, a session and a key of its own."""
    email = f"victim-{uuid4().hex}@example.com"
    wanted = {"name": "Squatter", "email": email, "password": PASSWORD, "accountName": "Squatted"}
    made = await done(stranger, "signUp", None, _MADE, **wanted)
    assert made["user"]["emailVerifiedAt"] is None
    account_id, user_id = made["account"]["id"], made["user"]["id"]
    session, key = Token(made["token"]), Token(made["secret"])
    return Squatter(email, session, key, made["deviceToken"], account_id, user_id)


@pytest.fixture
async def house(world: World) -> Member:
    """The owner of an account that others are invited to."""
    return await world.member(await world.account(), BuiltinRole.OWNER)


async def _offered(
    api: Api, database: AsyncEngine, house: Member, email: str, role: BuiltinRole = BuiltinRole.MARKETER
) -> str:
    """The secret of an invitation."""
    offer = {"accountId": house.account.id, "email": email, "roleId": ROLE_IDS[role]}
    await done(api, "memberInvite", house, **offer, idempotencyKey=uuid4().hex)
    return await _secret(database, email, INVITATION)


async def _shared(api: Api, database: AsyncEngine, house: Member, email: str) -> str:
    offer = {"accountIds": [house.account.id], "email": email, "areas": ["STATISTICS"]}
    await done(api, "shareCreate", house, **offer, idempotencyKey=uuid4().hex)
    return await _secret(database, email, SHARE)


async def _secret(database: AsyncEngine, email: str, kind: MailKind) -> str:
    return (await _mails(database, email, kind))[-1].token


async def _mails(database: AsyncEngine, email: str, kind: MailKind) -> list[Mail]:
    return [mail for mail in await mails_to(database, email) if mail.subject == kind.subject]


async def _works(api: Api, token: Token) -> bool:
    answer = await api.ask("{ viewer { id } }", token)
    return not answer.errors


async def _reset_link(api: Api, database: AsyncEngine, email: str) -> str:
    await done(api, "passwordResetRequest", None, email=email)
    return await _secret(database, email, PASSWORD_RESET)


async def test_an_address_is_verified_by_its_person_alone(
    stranger: Api, database: AsyncEngine, squatter: Squatter, house: Member
) -> None:
    """The link in the mailbox and the session or the password: one of them proves nothing."""
    token = (await mail_to(database, squatter.email)).token
    refused = [
        await code_of(stranger, "emailVerify", None, token=token),
        await code_of(stranger, "emailVerify", squatter.key, token=token),
        await code_of(stranger, "emailVerify", house, token=token),
        await code_of(stranger, "emailVerify", None, token=token, password="not the password"),
        await code_of(stranger, "emailVerify", squatter.session, token=token + "x"),
        await code_of(stranger, "passwordReset", None, token=token, newPassword=OTHER_PASSWORD),
    ]
    people = ["PERSON_REQUIRED", "PERSON_REQUIRED", "WRONG_PERSON", "SIGN_IN_REFUSED"]
    assert refused == [*people, "LINK_NOT_VALID", "LINK_NOT_VALID"]
    assert await _verified(database, squatter) is False
    verified = await done(stranger, "emailVerify", squatter.session, "user { emailVerifiedAt }", token=token)
    assert verified["user"]["emailVerifiedAt"] is not None
    assert await code_of(stranger, "emailVerify", squatter.session, token=token) == "LINK_NOT_VALID"


async def test_a_password_does_in_the_place_of_a_session(
    stranger: Api, database: AsyncEngine, squatter: Squatter
) -> None:
    token = (await mail_to(database, squatter.email)).token
    assert await code_of(stranger, "emailVerify", None, token=token, password=PASSWORD) == ""
    assert await _verified(database, squatter) is True


async def _verified(database: AsyncEngine, squatter: Squatter) -> bool:
    statement = select(users.c.email_verified_at).where(users.c.email_canonical == squatter.email)
    async with database.connect() as connection:
        return (await connection.execute(statement)).scalar_one() is not None


async def test_an_unverified_address_gives_nothing(
    api: Api, stranger: Api, world: World, database: AsyncEngine, squatter: Squatter, house: Member
) -> None:
    """Neither what is offered to it, nor mail to others; its own account works."""
    invitation = await _offered(api, database, house, squatter.email)
    share = await _shared(api, database, house, squatter.email)
    own = {"accountId": squatter.account_id, "email": "friend@example.com", "idempotencyKey": "1"}
    sub = {"parentId": squatter.account_id, "name": "Sub", "idempotencyKey": "2"}
    shared = {"accountIds": [squatter.account_id], "email": "friend@example.com", "areas": ["STATISTICS"]}
    role = {"roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR]}
    before, state = await mails_to(database, "friend@example.com"), await world.state(house.account)
    codes = [
        await code_of(api, "invitationAccept", squatter.session, token=invitation),
        await code_of(api, "shareAccept", squatter.session, token=share),
        await code_of(api, "memberInvite", squatter.session, **own, **role),
        await code_of(api, "memberInvite", squatter.key, **own, **role),
        await code_of(api, "shareCreate", squatter.session, **shared, idempotencyKey="3"),
        await code_of(api, "subaccountCreate", squatter.key, **sub, ownerEmail="friend@example.com"),
    ]
    assert codes == ["ADDRESS_NOT_VERIFIED"] * 6
    assert (await mails_to(database, "friend@example.com"), await world.state(house.account)) == (
        before,
        state,
    )
    assert await code_of(api, "subaccountCreate", squatter.session, **sub) == ""
    token = (await _mails(database, squatter.email, EMAIL_VERIFICATION))[0].token
    await done(stranger, "emailVerify", squatter.session, token=token)
    assert await code_of(api, "memberInvite", squatter.key, **own, **role) == ""
    assert await code_of(api, "invitationAccept", squatter.session, token=invitation) == ""
    assert await code_of(api, "shareAccept", squatter.session, token=share) == ""


@pytest.mark.parametrize("role", [BuiltinRole.MARKETER, BuiltinRole.OWNER])
async def test_an_invitation_takes_the_address_back(
    role: BuiltinRole, api: Api, stranger: Api, database: AsyncEngine, squatter: Squatter, house: Member
) -> None:
    """The holder of the mailbox is the person from now on; to own the account that it is invited to, it
    leaves the squatted one behind."""
    token = await _offered(api, database, house, squatter.email, role)
    wanted = {"name": "Victim", "email": squatter.email, "password": OTHER_PASSWORD}
    made = await done(stranger, "signUp", None, _MADE, **wanted, invitationToken=token)
    assert made["user"]["name"] == "Victim"
    assert made["user"]["emailVerifiedAt"] is not None
    assert not await _works(api, squatter.session)
    assert not await _works(api, squatter.key)
    squatting = {"email": squatter.email, "password": PASSWORD}
    assert await code_of(stranger, "signIn", None, **squatting) == "SIGN_IN_REFUSED"
    seen = (await api.read(_ACCOUNTS, Token(made["token"])))["viewer"]["accounts"]["nodes"]
    kept = [] if role is BuiltinRole.OWNER else [squatter.account_id]
    assert sorted(node["id"] for node in seen) == sorted([house.account.id, *kept])
    if kept:
        (event, *_) = await events_of(api, Token(made["token"]), squatter.account_id)
        assert (event["kind"], event["before"]) == ("API_KEY_REVOKED", {"name": "First key"})


async def test_a_share_takes_the_address_back(
    api: Api, stranger: Api, database: AsyncEngine, squatter: Squatter, house: Member
) -> None:
    token = await _shared(api, database, house, squatter.email)
    wanted = {"name": "Victim", "email": squatter.email, "password": OTHER_PASSWORD, "accountName": "Mine"}
    made = await done(stranger, "signUp", None, _MADE, **wanted, shareToken=token)
    assert (made["account"]["id"], made["secret"]) == (squatter.account_id, None)
    assert not await _works(api, squatter.session)
    assert not await _works(api, squatter.key)
    seen = (await api.read(_ACCOUNTS, Token(made["token"])))["viewer"]["accounts"]["nodes"]
    assert {node["id"] for node in seen} == {squatter.account_id, house.account.id}


async def test_only_an_open_link_for_the_very_address_does(
    api: Api, stranger: Api, world: World, database: AsyncEngine, squatter: Squatter, house: Member
) -> None:
    """And a verified person is replaced by nobody."""
    verified = await world.person()
    tokens = {
        email: await _offered(api, database, house, email) for email in (squatter.email, verified.email)
    }
    other = await _offered(api, database, house, "somebody.else@example.com")
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
    assert await _works(api, squatter.session)
    assert await _works(api, squatter.key)
    assert await _works(api, Token(verified.token))


async def test_the_person_itself_signs_up_by_an_invitation_and_loses_nothing(
    api: Api, stranger: Api, database: AsyncEngine, squatter: Squatter, house: Member
) -> None:
    """The password tells that it is the same."""
    token = await _offered(api, database, house, squatter.email)
    wanted = {"name": "Another", "email": squatter.email, "password": PASSWORD, "invitationToken": token}
    made = await done(stranger, "signUp", None, _MADE, **wanted)
    assert (made["user"]["name"], made["user"]["id"]) == ("Squatter", squatter.user_id)
    assert await _works(api, squatter.session)
    assert await _works(api, squatter.key)
    assert await _verified(database, squatter) is True


async def test_a_new_password_by_mail_ends_what_was_open(
    api: Api, stranger: Api, database: AsyncEngine, squatter: Squatter
) -> None:
    """The account stays: it may have been the person itself that forgot its password. Its keys do not."""
    token = await _reset_link(stranger, database, squatter.email)
    bad = await code_of(stranger, "passwordReset", None, token=token, newPassword="short")
    assert (bad, await _works(api, squatter.session)) == ("BAD_USER_INPUT", True)
    reset = {"token": token, "newPassword": OTHER_PASSWORD}
    made = await done(stranger, "passwordReset", None, "deviceToken", **reset)
    assert await code_of(stranger, "passwordReset", None, **reset) == "LINK_NOT_VALID"
    verification = (await _mails(database, squatter.email, EMAIL_VERIFICATION))[0].token
    old = await code_of(stranger, "emailVerify", None, token=verification, password=OTHER_PASSWORD)
    assert old == "LINK_NOT_VALID"
    assert not await _works(api, squatter.session)
    assert not await _works(api, squatter.key)
    signed_in = await done(
        stranger,
        "signIn",
        None,
        "token deviceToken user { emailVerifiedAt }",
        email=squatter.email,
        password=OTHER_PASSWORD,
        deviceToken=made["deviceToken"],
    )
    assert signed_in["deviceToken"] == made["deviceToken"]
    assert signed_in["user"]["emailVerifiedAt"] is not None
    seen = (await api.read(_ACCOUNTS, Token(signed_in["token"])))["viewer"]["accounts"]["nodes"]
    assert [node["id"] for node in seen] == [squatter.account_id]


async def test_a_verified_persons_keys_stay_when_it_forgets_its_password(
    api: Api, stranger: Api, world: World, database: AsyncEngine
) -> None:
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    key = await world.api_key(owner.account)
    await done(stranger, "passwordResetRequest", None, email=owner.person.email.upper())
    token = (await mail_to(database, owner.person.email)).token
    await done(stranger, "passwordReset", None, token=token, newPassword=OTHER_PASSWORD)
    assert not await _works(api, Token(owner.token))
    assert await _works(api, Token(key.token))


async def test_a_reset_is_answered_alike_for_everybody(
    stranger: Api, world: World, database: AsyncEngine
) -> None:
    """T13: also where it is asked for too often, which drops mails without a word."""
    person, most = await world.person(), PASSWORD_RESETS.budgets[1].most
    unknown = f"no-{person.email}"
    for _ in range(most + 1):
        answers = [
            (await attempt(stranger, "passwordResetRequest", None, email=email)).answer
            for email in (person.email, unknown)
        ]
        assert answers[0] == answers[1]
        assert answers[0].data == {"passwordResetRequest": {"userErrors": []}}, answers
    sent = await mails_to(database, person.email)
    assert (len(sent), await mails_to(database, unknown)) == (most, [])
    codes = [
        await code_of(stranger, "passwordReset", None, token=mail.token, newPassword=OTHER_PASSWORD)
        for mail in sent[:2]
    ]
    assert codes == ["", "LINK_NOT_VALID"]


async def test_a_link_ends(stranger: Api, world: World, database: AsyncEngine) -> None:
    person = await world.person()
    token = await _reset_link(stranger, database, person.email)
    late = update(mailbox_links).where(mailbox_links.c.user_id == person.key)
    async with database.begin() as connection:
        await connection.execute(late.values(expires_at=func.now()))
    reset = {"token": token, "newPassword": OTHER_PASSWORD}
    assert await code_of(stranger, "passwordReset", None, **reset) == "LINK_NOT_VALID"
    assert await _works(stranger, Token(person.token))


async def test_of_two_who_use_a_link_one_does(stranger: Api, world: World, database: AsyncEngine) -> None:
    person = await world.person()
    token = await _reset_link(stranger, database, person.email)
    passwords = [f"{OTHER_PASSWORD} {number}" for number in range(2)]
    codes = await asyncio.gather(
        *(code_of(stranger, "passwordReset", None, token=token, newPassword=each) for each in passwords)
    )
    assert sorted(codes) == ["", "LINK_NOT_VALID"]
    now = passwords[codes.index("")]
    assert await code_of(stranger, "signIn", None, email=person.email, password=now) == ""


async def test_the_link_can_be_asked_for_again_but_not_for_ever(
    stranger: Api, world: World, database: AsyncEngine, squatter: Squatter
) -> None:
    """The first came with the sign-up."""
    most = VERIFICATIONS.budgets[0].most
    query = """mutation { emailVerificationRequest { user { id } userErrors { code
      ... on RateLimited { retryAfter } } } }"""
    for _ in range(most - 1):
        answer = await stranger.read(query, squatter.session)
        assert answer["emailVerificationRequest"] == {"user": {"id": squatter.user_id}, "userErrors": []}
    (refused,) = (await stranger.read(query, squatter.session))["emailVerificationRequest"]["userErrors"]
    assert refused["code"] == "RATE_LIMITED"
    assert 1 <= refused["retryAfter"] <= 3600
    assert len(await mails_to(database, squatter.email)) == most
    verified = await world.person()
    await stranger.read(query, verified)
    assert await mails_to(database, verified.email) == []


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
    told = [await _mails(database, email, SIGN_UP_ATTEMPT) for email in (squatter.email, verified.email)]
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
        address = squatter if first == "signUp" else await _squatting(stranger)
        invitation = await _offered(api, database, house, address.email)
        reset = await _reset_link(stranger, database, address.email)
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
        assert await waits(following)
        gate.open()
        assert await leading == ""
        # The link is gone with the first; an invitation is answered once, whoever's password holds.
        assert await following == ("LINK_NOT_VALID" if first == "signUp" else "SIGN_UP_REFUSED")
        assert not await _works(api, address.session)
        assert not await _works(api, address.key)
        signed_in = [
            await code_of(stranger, "signIn", None, email=address.email, password=password)
            for password in ("by the invitation", OTHER_PASSWORD, PASSWORD)
        ]
        assert sorted(signed_in) == ["", "SIGN_IN_REFUSED", "SIGN_IN_REFUSED"]
