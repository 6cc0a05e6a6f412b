"""A new password is mailed to the person, whoever has set it."""

import datetime
import itertools
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import update

from models.people.users import users
from resolvers.effects.personal_mail import Words
from resolvers.people.mail_kinds import PASSWORD_CHANGED, PASSWORD_CHANGED_IN_GERMAN, PASSWORD_CHANGES
from resolvers.people.passwords.mail import CHANGED, IF_CHANGED, IF_RESET, RESET
from tests.areas.effects.log import Mail, mails_to
from tests.areas.people.squatters import OTHER_PASSWORD, reset_link
from tests.client.api import Api
from tests.client.mutations import code_of, done
from tests.world.world import PASSWORD, Person, World

_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
_KINDS = {PASSWORD_CHANGED.subject, PASSWORD_CHANGED_IN_GERMAN.subject}
# The zone is 14 hours ahead, and has no summer time.
_ZONE = datetime.timezone(datetime.timedelta(hours=14))


async def _told(world: World, person: Person) -> list[Mail]:
    return [mail for mail in await mails_to(world.database, person.email) if mail.subject in _KINDS]


async def _change(api: Api, world: World, person: Person) -> None:
    change = {"currentPassword": PASSWORD, "newPassword": OTHER_PASSWORD}
    await done(api, "passwordChange", person, **change)


async def _reset(api: Api, world: World, person: Person) -> None:
    token = await reset_link(api, world.database, person.email)
    await done(api, "passwordReset", None, token=token, newPassword=OTHER_PASSWORD)


Way = Callable[[Api, World, Person], Awaitable[None]]


@pytest.mark.parametrize(
    ("language", "date", "moment", "client"),
    [
        ("de-AT", "%d.%m.%Y", "Das geschah am {} um {} (Pacific/Kiritimati).", "Firefox unter Linux, aus"),
        ("fr", "%Y-%m-%d", "It happened on {} at {} (Pacific/Kiritimati).", "Firefox on Linux, from"),
    ],
)
@pytest.mark.parametrize(
    ("way", "what", "advice"), [(_change, CHANGED, IF_CHANGED), (_reset, RESET, IF_RESET)]
)
async def test_a_new_password_is_told(
    stranger: Api,
    world: World,
    way: Way,
    what: Words,
    advice: Words,
    language: str,
    date: str,
    moment: str,
    client: str,
) -> None:
    """What happened, when by the person's clocks, from where, and what to do; in the person's language."""
    person, other = await world.person(), await world.person()
    async with world.database.begin() as connection:
        profile = {"language": language, "time_zone": "Pacific/Kiritimati"}
        await connection.execute(update(users).where(users.c.id == person.key).values(profile))
    stranger.http.headers["User-Agent"] = _FIREFOX
    earliest = datetime.datetime.now(_ZONE)
    await way(stranger, world, person)
    (mail,) = await _told(world, person)
    latest = datetime.datetime.now(_ZONE)
    is_german = language == "de-AT"
    assert mail.subject == (PASSWORD_CHANGED_IN_GERMAN if is_german else PASSWORD_CHANGED).subject
    said = what.german if is_german else what.english
    assert said.split("{")[0] in mail.body
    assert (advice.german if is_german else advice.english) in mail.body
    assert client in mail.body
    shown = {moment.format(*f"{at:{date} %H:%M}".split(" ")) for at in (earliest, latest)}
    assert any(each in mail.body for each in shown)
    assert await _told(world, other) == []


async def test_what_is_refused_is_not_told(stranger: Api, world: World) -> None:
    person = await world.person()
    token = await reset_link(stranger, world.database, person.email)
    tries = [
        ("passwordChange", {"currentPassword": "wrong", "newPassword": OTHER_PASSWORD}, "SIGN_IN_REFUSED"),
        ("passwordChange", {"currentPassword": PASSWORD, "newPassword": "short"}, "BAD_USER_INPUT"),
        ("passwordReset", {"token": token, "newPassword": "short"}, "BAD_USER_INPUT"),
        ("passwordReset", {"token": f"{token}x", "newPassword": OTHER_PASSWORD}, "LINK_NOT_VALID"),
    ]
    for name, values, code in tries:
        caller = person if name == "passwordChange" else None
        assert await code_of(stranger, name, caller, **values) == code
    assert await _told(world, person) == []
    assert await code_of(stranger, "signIn", None, email=person.email, password=PASSWORD) == ""


async def test_a_script_does_not_fill_the_mailbox(stranger: Api, world: World) -> None:
    person, most = await world.person(), PASSWORD_CHANGES.budgets[0].most
    passwords = [PASSWORD, *(f"{OTHER_PASSWORD} {number}" for number in range(most + 1))]
    for current, new in itertools.pairwise(passwords):
        await done(stranger, "passwordChange", person, currentPassword=current, newPassword=new)
    assert len(await _told(world, person)) == most
