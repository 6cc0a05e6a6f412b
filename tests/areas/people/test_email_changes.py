"""Another e-mail address: the new one is proved, the old one is told and leads back."""

import asyncio
import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from models.people.mailbox_links import mailbox_links
from models.people.users import users
from resolvers.people.mail_kinds import EMAIL_CHANGE, EMAIL_CHANGE_ATTEMPT, EMAIL_CHANGED
from tests.areas.effects.log import mail_to, mails_to
from tests.areas.people.squatters import OTHER_PASSWORD, Squatter, mails_of, works
from tests.client.api import Api, Caller
from tests.client.mutations import Token, code_of, done
from tests.world.world import PASSWORD, Person, World


def _address() -> str:
    return f"new-{uuid4().hex}@example.com"


async def _email(database: AsyncEngine, person: Person) -> str:
    async with database.connect() as connection:
        statement = select(users.c.email).where(users.c.id == person.key)
        return str((await connection.execute(statement)).scalar_one())


async def _ask(api: Api, caller: Caller, email: str, password: str = PASSWORD) -> str:
    return await code_of(api, "emailChange", caller, email=email, password=password)


async def _changed(api: Api, database: AsyncEngine, person: Person) -> str:
    """The person has another address, which is returned."""
    email = _address()
    assert await _ask(api, person, email) == ""
    token = (await mail_to(database, email)).token
    assert await code_of(api, "emailVerify", person, token=token) == ""
    return email


async def _signs_in(api: Api, email: str, password: str = PASSWORD) -> bool:
    return await code_of(api, "signIn", None, email=email, password=password) == ""


@pytest.mark.parametrize("way", ["link", "code"])
async def test_the_new_address_is_proved_first(
    way: str, stranger: Api, world: World, database: AsyncEngine
) -> None:
    person, email = await world.person(), _address()
    assert await _ask(stranger, person, email) == ""
    assert await _email(database, person) == person.email
    assert await mails_to(database, person.email) == []
    mail = await mail_to(database, email)
    assert mail.subject == EMAIL_CHANGE.subject
    values = {"token": mail.token} if way == "link" else {"code": mail.code}
    made = await done(stranger, "emailVerify", person, "user { email emailVerifiedAt }", **values)
    assert made["user"]["email"] == email
    assert made["user"]["emailVerifiedAt"] is not None
    assert [await _signs_in(stranger, each) for each in (email, person.email)] == [True, False]
    assert await works(stranger, Token(person.token))
    assert await code_of(stranger, "emailVerify", person, **values) == "LINK_NOT_VALID"


async def test_nobody_else_changes_it(stranger: Api, world: World, database: AsyncEngine) -> None:
    """Neither a session without the password, nor somebody with the mailbox alone."""
    person, other, email = await world.person(), await world.person(), _address()
    key = await world.api_key(await world.account())
    refused = [
        await _ask(stranger, person, email, "a wrong password"),
        await _ask(stranger, key, email),
        await _ask(stranger, person, "nobody"),
        await _ask(stranger, person, person.email.upper()),
    ]
    assert refused == ["SIGN_IN_REFUSED", "PERSON_REQUIRED", "BAD_USER_INPUT", "BAD_USER_INPUT"]
    assert await mails_to(database, email) == []
    assert await _ask(stranger, person, email) == ""
    mail = await mail_to(database, email)
    codes = [
        await code_of(stranger, "emailVerify", None, token=mail.token),
        await code_of(stranger, "emailVerify", other, token=mail.token),
        await code_of(stranger, "emailVerify", other, code=mail.code),
        await code_of(stranger, "emailVerify", None, token=mail.token, password=OTHER_PASSWORD),
    ]
    assert codes == ["PERSON_REQUIRED", "WRONG_PERSON", "LINK_NOT_VALID", "SIGN_IN_REFUSED"]
    assert await _email(database, person) == person.email
    assert await code_of(stranger, "emailVerify", None, token=mail.token, password=PASSWORD) == ""
    assert await _email(database, person) == email


async def test_a_taken_address_is_answered_like_a_free_one(
    stranger: Api, world: World, database: AsyncEngine
) -> None:
    """T13: its person is told, and has it still."""
    person, taken, free = await world.person(), await world.person(), _address()
    answers: list[Any] = [
        await done(stranger, "emailChange", person, "user { email }", email=email, password=PASSWORD)
        for email in (free, taken.email)
    ]
    assert answers[0] == answers[1]
    (mail,) = await mails_of(database, taken.email, EMAIL_CHANGE_ATTEMPT)
    assert "http" not in mail.body
    assert await _email(database, person) == person.email
    # Many ask, so that both limits are reached alike.
    codes = {email: [await _ask(stranger, person, email) for _ in range(6)] for email in (free, taken.email)}
    assert codes[free] == codes[taken.email]
    assert codes[free][-1] == "RATE_LIMITED"


async def test_who_proves_the_address_first_has_it(
    stranger: Api, world: World, database: AsyncEngine
) -> None:
    people, email = [await world.person() for _ in range(2)], _address()
    for person in people:
        assert await _ask(stranger, person, email) == ""
    links = [mail.token for mail in await mails_to(database, email)]
    codes = await asyncio.gather(
        *[
            code_of(stranger, "emailVerify", person, token=link)
            for person, link in zip(people, links, strict=True)
        ]
    )
    assert codes.count("") == 1
    assert set(codes) <= {"", "LINK_NOT_VALID", "CONFLICT"}
    loser = people[1 - codes.index("")]
    assert await _email(database, loser) == loser.email


async def test_the_old_address_is_told_and_leads_back(
    stranger: Api, world: World, database: AsyncEngine
) -> None:
    """Also where a thief had the password, and has changed it and the address again."""
    person = await world.person()
    email = await _changed(stranger, database, person)
    (told,) = await mails_of(database, person.email, EMAIL_CHANGED)
    assert email.replace("@", "[@]").replace(".", "[.]") in told.body
    assert "\nhttp://mandant.test/password-reset#mdp_" in told.body
    thief = {"currentPassword": PASSWORD, "newPassword": "the password of a thief"}
    await done(stranger, "passwordChange", person, **thief)
    third = _address()
    assert await _ask(stranger, person, third, "the password of a thief") == ""
    token = (await mail_to(database, third)).token
    assert await code_of(stranger, "emailVerify", person, token=token) == ""
    back = {"token": told.token, "newPassword": OTHER_PASSWORD}
    assert await code_of(stranger, "passwordReset", None, **back) == ""
    assert await _email(database, person) == person.email
    assert await _signs_in(stranger, person.email, OTHER_PASSWORD)
    assert not await works(stranger, Token(person.token))
    assert await code_of(stranger, "passwordReset", None, **back) == "LINK_NOT_VALID"
    (second,) = await mails_of(database, email, EMAIL_CHANGED)
    back = {"token": second.token, "newPassword": "the password of a thief"}
    assert await code_of(stranger, "passwordReset", None, **back) == "LINK_NOT_VALID"


async def test_the_way_back_is_open_for_72_hours(stranger: Api, world: World, database: AsyncEngine) -> None:
    person = await world.person()
    email = await _changed(stranger, database, person)
    told = await mail_to(database, person.email)
    lasts = select(mailbox_links.c.expires_at - mailbox_links.c.created_at)
    async with database.begin() as connection:
        found = (await connection.execute(lasts.where(mailbox_links.c.user_id == person.key))).scalar_one()
        assert found == datetime.timedelta(hours=72)
        late = update(mailbox_links).where(mailbox_links.c.user_id == person.key)
        await connection.execute(late.values(expires_at=func.now()))
    back = {"token": told.token, "newPassword": OTHER_PASSWORD}
    assert await code_of(stranger, "passwordReset", None, **back) == "LINK_NOT_VALID"
    assert await _email(database, person) == email


async def test_an_old_address_that_somebody_else_has_proved_leads_nowhere(
    stranger: Api, world: World, database: AsyncEngine
) -> None:
    person = await world.person()
    email = await _changed(stranger, database, person)
    told = await mail_to(database, person.email)
    await world.person(email=person.email)
    back = {"token": told.token, "newPassword": OTHER_PASSWORD}
    assert await code_of(stranger, "passwordReset", None, **back) == "LINK_NOT_VALID"
    assert await _email(database, person) == email
    assert await works(stranger, Token(person.token))


async def test_an_address_that_was_mistyped_is_told_nothing(
    stranger: Api, database: AsyncEngine, squatter: Squatter
) -> None:
    """Who never proved the first one proves the second, and the first one's link is void."""
    first = await mail_to(database, squatter.email)
    email = _address()
    assert await _ask(stranger, squatter.session, email) == ""
    mail = await mail_to(database, email)
    assert await code_of(stranger, "emailVerify", squatter.session, code=mail.code) == ""
    assert await mails_to(database, squatter.email) == [first]
    assert await code_of(stranger, "emailVerify", squatter.session, token=first.token) == "LINK_NOT_VALID"
    assert await _signs_in(stranger, email)
