"""A new password by a link in the mailbox: what it ends, and whom it tells nothing."""

import asyncio
import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.people.mailbox_links import mailbox_links
from resolvers.people.mail_kinds import EMAIL_VERIFICATION, PASSWORD_RESETS
from tests.areas.effects.log import mail_to, mails_to
from tests.areas.people.squatters import (
    ACCOUNTS,
    OTHER_PASSWORD,
    Squatter,
    mails_of,
    reset_link,
    works,
)
from tests.client.api import Api
from tests.client.mutations import Token, attempt, code_of, done
from tests.world.world import PASSWORD, World


async def test_a_new_password_by_mail_ends_what_was_open(
    api: Api, stranger: Api, database: AsyncEngine, squatter: Squatter
) -> None:
    """The account stays: it may have been the person itself that forgot its password. Its keys do not."""
    token = await reset_link(stranger, database, squatter.email)
    bad = await code_of(stranger, "passwordReset", None, token=token, newPassword="short")
    assert (bad, await works(api, squatter.session)) == ("BAD_USER_INPUT", True)
    reset = {"token": token, "newPassword": OTHER_PASSWORD}
    made = await done(stranger, "passwordReset", None, "deviceToken", **reset)
    assert await code_of(stranger, "passwordReset", None, **reset) == "LINK_NOT_VALID"
    verification = (await mails_of(database, squatter.email, EMAIL_VERIFICATION))[0].token
    old = await code_of(stranger, "emailVerify", None, token=verification, password=OTHER_PASSWORD)
    assert old == "LINK_NOT_VALID"
    assert not await works(api, squatter.session)
    assert not await works(api, squatter.key)
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
    seen = (await api.read(ACCOUNTS, Token(signed_in["token"])))["viewer"]["accounts"]["nodes"]
    assert [node["id"] for node in seen] == [squatter.account_id]


async def test_a_verified_persons_keys_stay_when_it_forgets_its_password(
    api: Api, stranger: Api, world: World, database: AsyncEngine
) -> None:
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    key = await world.api_key(owner.account)
    await done(stranger, "passwordResetRequest", None, email=owner.person.email.upper())
    token = (await mail_to(database, owner.person.email)).token
    await done(stranger, "passwordReset", None, token=token, newPassword=OTHER_PASSWORD)
    assert not await works(api, Token(owner.token))
    assert await works(api, Token(key.token))


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
    token = await reset_link(stranger, database, person.email)
    late = update(mailbox_links).where(mailbox_links.c.user_id == person.key)
    async with database.begin() as connection:
        await connection.execute(late.values(expires_at=func.now()))
    reset = {"token": token, "newPassword": OTHER_PASSWORD}
    assert await code_of(stranger, "passwordReset", None, **reset) == "LINK_NOT_VALID"
    assert await works(stranger, Token(person.token))


async def test_a_link_lasts_thirty_minutes(stranger: Api, world: World, database: AsyncEngine) -> None:
    person = await world.person()
    await reset_link(stranger, database, person.email)
    lasts = select(mailbox_links.c.expires_at - mailbox_links.c.created_at)
    async with database.connect() as connection:
        found = (await connection.execute(lasts.where(mailbox_links.c.user_id == person.key))).scalar_one()
    assert found == datetime.timedelta(minutes=30)


async def test_a_changed_password_ends_the_links(stranger: Api, world: World, database: AsyncEngine) -> None:
    """Until then the old password works, and whoever remembered it needs no link any more."""
    person = await world.person()
    token = await reset_link(stranger, database, person.email)
    assert await code_of(stranger, "signIn", None, email=person.email, password=PASSWORD) == ""
    change = {"currentPassword": PASSWORD, "newPassword": "remembered after all"}
    await done(stranger, "passwordChange", person, **change)
    reset = {"token": token, "newPassword": OTHER_PASSWORD}
    assert await code_of(stranger, "passwordReset", None, **reset) == "LINK_NOT_VALID"
    assert await works(stranger, Token(person.token))
    signing_in = {"email": person.email, "password": "remembered after all"}
    assert await code_of(stranger, "signIn", None, **signing_in) == ""


async def test_a_link_used_in_a_session_of_somebody_else_is_its_own_persons(
    stranger: Api, world: World, database: AsyncEngine
) -> None:
    """What is signed in to does not matter: the link names the person, and nobody else changes."""
    person, other = await world.person(), await world.person()
    token = await reset_link(stranger, database, person.email)
    await done(stranger, "passwordReset", other, token=token, newPassword=OTHER_PASSWORD)
    assert await works(stranger, Token(other.token))
    assert not await works(stranger, Token(person.token))
    codes = [
        await code_of(stranger, "signIn", None, email=each.email, password=OTHER_PASSWORD)
        for each in (person, other)
    ]
    assert codes == ["", "SIGN_IN_REFUSED"]


async def test_of_two_who_use_a_link_one_does(stranger: Api, world: World, database: AsyncEngine) -> None:
    person = await world.person()
    token = await reset_link(stranger, database, person.email)
    passwords = [f"{OTHER_PASSWORD} {number}" for number in range(2)]
    codes = await asyncio.gather(
        *(code_of(stranger, "passwordReset", None, token=token, newPassword=each) for each in passwords)
    )
    assert sorted(codes) == ["", "LINK_NOT_VALID"]
    now = passwords[codes.index("")]
    assert await code_of(stranger, "signIn", None, email=person.email, password=now) == ""
