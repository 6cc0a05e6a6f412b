"""What is kept of a client, and who is told of a new one."""

import pytest
from sqlalchemy import update

from models.people.users import users
from resolvers.effects.personal_mail import Words
from resolvers.sessions.clients import client_of
from resolvers.sessions.mail_kinds import NEW_CLIENT, NEW_CLIENT_IN_GERMAN
from resolvers.sessions.new_client import IF_SIGNED_IN
from tests.areas.effects.log import mails_to
from tests.client.api import Api
from tests.client.mutations import code_of, done
from tests.world.world import PASSWORD, Person, World

_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0", "Firefox on Linux"),
        (f"{_MAC} Chrome/140.0.0.0 Safari/537.36", "Chrome on macOS"),
        (f"{_MAC} Version/18.5 Safari/605.1.15", "Safari on macOS"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Safari/604.1", "Safari on iOS"),
        ("python-httpx/0.28.1", "python-httpx"),
        ("curl/8.5.0", "curl"),
        ("Mozilla/5.0", "Unknown client"),
        ("", "Unknown client"),
        (None, "Unknown client"),
        ("http://evil.example/ open this link", "Unknown client"),
        ("A" * 1_000, "Unknown client"),
    ],
)
def test_a_client_has_a_plain_name(user_agent: str | None, name: str) -> None:
    assert client_of(user_agent, "").name == name


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("", None),
        ("not an address", None),
    ],
)
def test_of_an_address_the_network_is_kept(address: str, place: str | None) -> None:
    assert client_of(None, address).place == place


@pytest.mark.parametrize(
    ("user_agent", "address", "told"),
    [
        (
            f"{_MAC} Chrome/140.0.0.0 Safari/537.36",
            "192.0.2.77",
            Words(
                "Chrome on macOS, from the network 192.0.2.0/24",
                "Chrome unter macOS, aus dem Netz 192.0.2.0/24",
            ),
        ),
        ("curl/8.5.0", "", Words("curl", "curl")),
        (None, "", Words("Unknown client", "Unbekannter Client")),
    ],
)
def test_a_client_is_told_in_both_languages(user_agent: str | None, address: str, told: Words) -> None:
    assert client_of(user_agent, address).told == told


async def _told(world: World, person: Person) -> int:
    mails = await mails_to(world.database, person.email)
    return sum(mail.subject == NEW_CLIENT.subject for mail in mails)


async def test_a_person_is_told_of_a_new_client_and_not_of_a_known_one(stranger: Api, world: World) -> None:
    person = await world.person()
    stranger.http.headers["User-Agent"] = f"{_MAC} Chrome/140.0.0.0 Safari/537.36"
    who = {"email": person.email, "password": PASSWORD}
    made = await done(stranger, "signIn", None, "deviceToken", **who)
    assert await _told(world, person) == 1
    (mail,) = await mails_to(world.database, person.email)
    assert "Chrome on macOS" in mail.body
    again = await done(stranger, "signIn", None, "deviceToken", **who, deviceToken=made["deviceToken"])
    assert again["deviceToken"] == made["deviceToken"]
    assert await _told(world, person) == 1
    other = await world.person()
    foreign = {"email": other.email, "password": PASSWORD, "deviceToken": made["deviceToken"]}
    await done(stranger, "signIn", None, **foreign)
    assert (await _told(world, person), await _told(world, other)) == (1, 1)


async def test_a_person_is_told_in_its_language_and_by_its_clocks(stranger: Api, world: World) -> None:
    english, german = await world.person(), await world.person()
    async with world.database.begin() as connection:
        profile = {"language": "de-CH", "time_zone": "Pacific/Kiritimati"}
        await connection.execute(update(users).where(users.c.id == german.key).values(profile))
    stranger.http.headers["User-Agent"] = f"{_MAC} Chrome/140.0.0.0 Safari/537.36"
    for person in (english, german):
        wrong = {"email": person.email, "password": "wrong"}
        assert await code_of(stranger, "signIn", None, **wrong) == "SIGN_IN_REFUSED"
        assert await mails_to(world.database, person.email) == []
        await done(stranger, "signIn", None, email=person.email, password=PASSWORD)
    (mail,) = await mails_to(world.database, english.email)
    assert mail.subject == NEW_CLIENT.subject
    assert "(UTC)." in mail.body
    (mail,) = await mails_to(world.database, german.email)
    assert mail.subject == NEW_CLIENT_IN_GERMAN.subject
    assert mail.body.startswith("Guten Tag,")
    assert "nicht bekannt war" in mail.body
    assert "Chrome unter macOS" in mail.body
    assert "(Pacific/Kiritimati)." in mail.body
    assert IF_SIGNED_IN.german in mail.body


async def test_a_script_does_not_fill_the_mailbox(stranger: Api, world: World) -> None:
    person = await world.person()
    for _ in range(7):
        await done(stranger, "signIn", None, email=person.email, password=PASSWORD)
    assert await _told(world, person) == 5


async def test_a_sign_up_is_no_news(stranger: Api, world: World) -> None:
    email = "somebody-new@example.com"
    sign_up = {"name": "Pia", "email": email, "password": PASSWORD, "accountName": "Own"}
    await done(stranger, "signUp", None, **sign_up)
    assert [mail.subject for mail in await mails_to(world.database, email)].count(NEW_CLIENT.subject) == 0
