"""An address that was never proved gives nothing; it is proved by the link in its mailbox and its person."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, new_id, parse, present
from resolvers.people.mail_kinds import EMAIL_VERIFICATION, VERIFICATIONS
from resolvers.people.sign_in_limits import OF_CODES
from tests.areas.effects.log import mail_to, mails_to
from tests.areas.people.squatters import OTHER_PASSWORD, Squatter, is_verified, mails_of, offered, shared
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, Token, attempt, code_of, done
from tests.database.stored import rows_of_trees
from tests.world.plans import STARTER
from tests.world.world import PASSWORD, Member, World


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
    assert await is_verified(database, squatter) is False
    verified = await done(stranger, "emailVerify", squatter.session, "user { emailVerifiedAt }", token=token)
    assert verified["user"]["emailVerifiedAt"] is not None
    assert await code_of(stranger, "emailVerify", squatter.session, token=token) == "LINK_NOT_VALID"


async def test_a_password_does_in_the_place_of_a_session(
    stranger: Api, database: AsyncEngine, squatter: Squatter
) -> None:
    token = (await mail_to(database, squatter.email)).token
    assert await code_of(stranger, "emailVerify", None, token=token, password=PASSWORD) == ""
    assert await is_verified(database, squatter) is True


async def test_an_unverified_address_gives_nothing(
    api: Api, stranger: Api, world: World, database: AsyncEngine, squatter: Squatter, house: Member
) -> None:
    """Neither what is offered to it, nor mail to others; its own account works."""
    invitation = await offered(api, database, house, squatter.email)
    share = await shared(api, database, house, squatter.email)
    own = {"accountId": squatter.account_id, "email": "friend@example.com", "idempotencyKey": "1"}
    sub = {"parentId": squatter.account_id, "name": "Sub", "idempotencyKey": "2"}
    sharing = {"accountIds": [squatter.account_id], "email": "friend@example.com", "areas": ["STATISTICS"]}
    role = {"roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR]}
    before, state = await mails_to(database, "friend@example.com"), await world.state(house.account)
    codes = [
        await code_of(api, "invitationAccept", squatter.session, token=invitation),
        await code_of(api, "shareAccept", squatter.session, token=share),
        await code_of(api, "memberInvite", squatter.session, **own, **role),
        await code_of(api, "memberInvite", squatter.key, **own, **role),
        await code_of(api, "shareCreate", squatter.session, **sharing, idempotencyKey="3"),
        await code_of(api, "subaccountCreate", squatter.key, **sub, ownerEmail="friend@example.com"),
    ]
    assert codes == ["ADDRESS_NOT_VERIFIED"] * 6
    assert (await mails_to(database, "friend@example.com"), await world.state(house.account)) == (
        before,
        state,
    )
    assert await code_of(api, "subaccountCreate", squatter.session, **sub) == ""
    token = (await mails_of(database, squatter.email, EMAIL_VERIFICATION))[0].token
    await done(stranger, "emailVerify", squatter.session, token=token)
    assert await code_of(api, "memberInvite", squatter.key, **own, **role) == ""
    assert await code_of(api, "invitationAccept", squatter.session, token=invitation) == ""
    assert await code_of(api, "shareAccept", squatter.session, token=share) == ""


async def _stored(world: World, squatter: Squatter) -> object:
    account_id = parse(Kind.ACCOUNT, squatter.account_id)
    assert account_id is not None
    return await rows_of_trees(world.database, [account_id])


async def test_an_unverified_tree_buys_and_sends_nothing(
    api: Api, stranger: Api, world: World, database: AsyncEngine, squatter: Squatter
) -> None:
    """Neither by its person nor by its key, in no account of it. What takes away is never forbidden, and
    everything can be looked at."""
    made = await done(
        api,
        "subaccountCreate",
        squatter.session,
        "account { id } secret",
        parentId=squatter.account_id,
        name="Sub",
        idempotencyKey="1",
    )
    here: dict[str, Any] = {"accountId": squatter.account_id}
    sends: dict[str, Any] = {
        "stream": "TRANSACTIONAL",
        "recipients": ["a@example.com"],
        "idempotencyKey": "2",
    }
    top_up = {"amount": "5", "paymentMethodId": present(Kind.PAYMENT_METHOD, new_id())}
    tried = {
        "creditTopUp": here | top_up | {"idempotencyKey": "3"},
        "paymentMethodAdd": here | {"reference": "practice-card", "label": "Visa"},
        "planChange": here | {"planId": STARTER.id, "expectedVersion": 1},
        "limitIncrease": here | {"blocks": 1, "idempotencyKey": "4"},
        "sendReserve": here | sends,
    }
    state = await _stored(world, squatter)
    codes = {
        (name, caller): await code_of(api, name, caller, **values)
        for name, values in tried.items()
        for caller in (squatter.session, squatter.key)
    }
    assert set(codes.values()) == {"ADDRESS_NOT_VERIFIED"}, codes
    below = {**sends, "accountId": made["account"]["id"]}
    assert await code_of(api, "sendReserve", Token(made["secret"]), **below) == "ADDRESS_NOT_VERIFIED"
    assert await _stored(world, squatter) == state
    query = """query ($id: ID!) { account(id: $id) { name credit { balance } paymentMethods {
      nodes { id } } } }"""
    found = await api.ask(query, squatter.session, id=squatter.account_id)
    assert found.errors == []
    token = (await mails_of(database, squatter.email, EMAIL_VERIFICATION))[0].token
    await done(stranger, "emailVerify", squatter.session, token=token)
    assert await code_of(api, "paymentMethodAdd", squatter.session, **tried["paymentMethodAdd"]) == ""


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


async def test_a_code_does_in_the_session_that_signed_up(
    stranger: Api, database: AsyncEngine, squatter: Squatter, house: Member
) -> None:
    """Elsewhere it is worth nothing; what was used is used up, as the link is."""
    mail = await mail_to(database, squatter.email)
    refused = [
        await code_of(stranger, "emailVerify", None, code=mail.code),
        await code_of(stranger, "emailVerify", None, code=mail.code, password=PASSWORD),
        await code_of(stranger, "emailVerify", squatter.key, code=mail.code),
        await code_of(stranger, "emailVerify", house, code=mail.code),
        await code_of(stranger, "emailVerify", squatter.session, code=mail.code, token=mail.token),
        await code_of(stranger, "emailVerify", squatter.session),
    ]
    assert refused == [*["PERSON_REQUIRED"] * 3, "LINK_NOT_VALID", "BAD_USER_INPUT", "BAD_USER_INPUT"]
    assert await is_verified(database, squatter) is False
    assert await code_of(stranger, "emailVerify", squatter.session, code=f" {mail.code} ") == ""
    assert await is_verified(database, squatter) is True
    again = [
        await code_of(stranger, "emailVerify", squatter.session, **{name: value})
        for name, value in (("code", mail.code), ("token", mail.token))
    ]
    assert again == ["LINK_NOT_VALID", "LINK_NOT_VALID"]


async def test_a_code_is_guessed_ten_times_a_day(
    stranger: Api, database: AsyncEngine, squatter: Squatter
) -> None:
    """Then not even the right one helps; the link does."""
    mail = await mail_to(database, squatter.email)
    wrong = f"{(int(mail.code) + 1) % 1_000_000:06}"
    refused = await attempt(stranger, "emailVerify", squatter.session, code=wrong)
    assert refused.message.startswith("The code is wrong or has expired.")
    codes = [refused.code]
    codes += [await code_of(stranger, "emailVerify", squatter.session, code=wrong) for _ in range(19)]
    assert codes == ["LINK_NOT_VALID"] * OF_CODES + ["RATE_LIMITED"] * (20 - OF_CODES)
    assert await code_of(stranger, "emailVerify", squatter.session, code=mail.code) == "RATE_LIMITED"
    assert await is_verified(database, squatter) is False
    assert await code_of(stranger, "emailVerify", squatter.session, token=mail.token) == ""
