"""A passkey of somebody: nobody else removes it, sees it, or signs in by it."""

from dataclasses import dataclass

from tests.client.api import Api
from tests.client.authenticator import SoftPasskey
from tests.isolation.model import Person
from tests.isolation.planting import PASSWORD
from tests.isolation.questions import NODE
from tests.isolation.reading import Viewer
from tests.isolation.sight import id_of
from tests.isolation.site import Site
from tests.isolation.tally import Tally
from tests.isolation.watched.asking import Bearer, attempt

_PAGES = "http://mandant.test"
_OWN = "{ viewer { id secondFactor { passkeys { id name lastUsedAt } } } }"
_START = "mutation { passkeySignInStart { challengeToken passkeyOptions } }"
_TRY = 3
"""How many others try to remove it: each gives a password, which takes its time."""
_REFUSED = frozenset({"SECOND_FACTOR_REFUSED"})


@dataclass(frozen=True)
class Passkey:
    """Of a person who has proved a second factor before."""

    id: str
    person: Person
    device: SoftPasskey


async def give_passkey(site: Site) -> Passkey | None:
    """To the first who can have one beside another factor, so that no session ends by it."""
    person = next((found for found in site.world.people if found.proved), None)
    if person is None:
        return None
    device = SoftPasskey(_PAGES)
    started = await site.do("passkeyStart", person, "challengeToken passkeyOptions", password=PASSWORD)
    made = await site.do(
        "passkeyAdd",
        person,
        "passkey { id }",
        challengeToken=started["challengeToken"],
        name="Phone",
        credential=device.create(started["passkeyOptions"]),
    )
    person.passkeys.append(made["passkey"]["id"])
    return Passkey(made["passkey"]["id"], person, device)


async def compare_passkeys(site: Site, viewers: list[Viewer], tally: Tally) -> None:
    """Whoever tries, it stays, and it was not used."""
    passkey = await give_passkey(site)
    if passkey is None:
        return
    owner_api = await site.api_of(passkey.person)
    before = await owner_api.read(_OWN, passkey.person)
    others = [viewer for viewer in viewers if viewer.subject is not passkey.person]
    for viewer in others[:_TRY]:
        await _remove(passkey, viewer, tally)
    for viewer in viewers:
        if viewer.accepted and viewer.subject in site.world.subjects:
            node = (await viewer.api.ask(NODE, viewer.subject, id=passkey.id)).data["node"]
            expected = passkey.id if viewer.subject is passkey.person else None
            tally.fact(f"{viewer.name}: node pkey_", expected, id_of(node))
    await _sign_in(site, passkey, tally)
    tally.alike("the passkey", before, await owner_api.read(_OWN, passkey.person))
    await _sign_in_by_its_owner(owner_api, passkey, tally)


async def _remove(passkey: Passkey, viewer: Viewer, tally: Tally) -> None:
    codes = {"UNAUTHENTICATED"}
    if viewer.accepted:
        codes = {"NOT_FOUND"} if isinstance(viewer.subject, Person) else {"PERSON_REQUIRED"}
    values = {"passkeyId": passkey.id, "password": PASSWORD}
    found = await attempt(viewer.api, "passkeyRemove", viewer.subject, **values)
    tally.outcome(f"{viewer.name}: passkeyRemove", frozenset(codes), found.code)


async def _sign_in(site: Site, passkey: Passkey, tally: Tally) -> None:
    """By another key under its id, by its answer to another question, and by it as somebody else."""
    api = await site.api_at()
    forged = SoftPasskey(_PAGES, id=passkey.device.id)
    started, other = [(await api.read(_START))["passkeySignInStart"] for _ in range(2)]
    for what, device, options in (
        ("another key", forged, started["passkeyOptions"]),
        ("another question", passkey.device, other["passkeyOptions"]),
    ):
        values = {"challengeToken": started["challengeToken"], "passkey": device.get(options)}
        found = await attempt(api, "passkeySignIn", None, **values)
        tally.outcome(f"a sign-in by {what}", _REFUSED, found.code)
    others = [found for found in site.world.people if found.proved and found is not passkey.person]
    for person in others[:1]:
        asked = await attempt(
            api, "signIn", None, "token challengeToken", email=person.email, password=PASSWORD
        )
        tally.fact(f"{person.name} is asked for a factor", None, asked.payload["token"])
        answer = passkey.device.get(other["passkeyOptions"])
        values = {"challengeToken": asked.payload["challengeToken"], "passkey": answer}
        found = await attempt(api, "signInConfirm", None, **values)
        tally.outcome(f"a sign-in of {person.name} by a passkey of somebody else", _REFUSED, found.code)


async def _sign_in_by_its_owner(api: Api, passkey: Passkey, tally: Tally) -> None:
    started = (await api.read(_START))["passkeySignInStart"]
    answer = passkey.device.get(started["passkeyOptions"])
    values = {"challengeToken": started["challengeToken"], "passkey": answer}
    made = await attempt(api, "passkeySignIn", None, "token", **values)
    tally.outcome("a sign-in by the passkey", frozenset({""}), made.code)
    viewer = (await api.read("{ viewer { id } }", Bearer(made.payload["token"])))["viewer"]
    tally.alike("whose session it is", passkey.person.id, viewer["id"])
