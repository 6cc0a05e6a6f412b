"""What a worker finds in DNS, told record by record; and what strange name servers do not achieve."""

import asyncio
import datetime
import time
from collections.abc import Collection

import pytest

from models.domains.tables import DnsRecordType, DomainKind
from resolvers.domains.dns import PATIENCE, Dns, NameServer
from tests.areas.domains.checking import Checking, found_of, seen
from tests.areas.domains.name_server import Mood, Zone, free_port, name_server
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.brand import Brand
from tests.world.domains import Domain, give_domain, new_name
from tests.world.world import World

_ALL_OK = dict.fromkeys(("DKIM", "DMARC", "OWNERSHIP", "RETURN_PATH", "SPF"), "OK")


@pytest.fixture
async def domain(brand: Brand, world: World) -> Domain:
    """A sending domain that was not checked yet."""
    return await give_domain(world, brand.us)


def _record(domain: Domain, purpose: str) -> tuple[str, str]:
    """Its name and its value."""
    (found,) = [each for each in domain.expected if each.purpose.value == purpose]
    return found.name, found.value


async def test_what_was_added_is_verified_once_it_is_published(
    api: Api, brand: Brand, checking: Checking
) -> None:
    """From the API's table alone, as a customer does it."""
    values = {"accountId": brand.us.id, "kind": "SENDING", "name": new_name()}
    made = await done(api, "domainAdd", brand.owner, "domain { id }", **values)
    domain_id = made["domain"]["id"]
    await checking.run(brand.us, domain_id)
    found = await seen(api, brand.owner, domain_id)
    assert found["status"] == "PENDING"
    assert {record["status"] for record in found["records"]} == {"MISSING"}
    for record in found["records"]:
        checking.zone.publish(record["type"], record["name"], record["value"])
    asked = await done(api, "domainVerify", brand.owner, "domain { status }", domainId=domain_id)
    assert asked["domain"]["status"] == "PENDING"
    await checking.run(brand.us, domain_id)
    found = await seen(api, brand.owner, domain_id)
    assert (found["status"], await found_of(api, brand.owner, domain_id)) == ("VERIFIED", _ALL_OK)
    assert found["verifiedAt"] == found["checkedAt"]
    between = datetime.datetime.fromisoformat(found["checkDueAt"]) - datetime.datetime.fromisoformat(
        found["checkedAt"]
    )
    assert between == datetime.timedelta(days=1)
    event = (await events_of(api, brand.owner, brand.us.id, "DOMAIN_VERIFIED"))[0]
    assert (event["subjectId"], event["actor"]["id"]) == (domain_id, brand.owner.person.id)
    assert event["after"]["records"] == [f"{purpose} OK" for purpose in _IN_ORDER]


_IN_ORDER = ("OWNERSHIP", "DKIM", "SPF", "DMARC", "RETURN_PATH")


async def test_a_tracking_domain(api: Api, brand: Brand, world: World, checking: Checking) -> None:
    domain = await give_domain(world, brand.us, kind=DomainKind.TRACKING)
    checking.publish(domain)
    await checking.run_now(domain)
    assert await found_of(api, brand.owner, domain.id) == {"OWNERSHIP": "OK", "TRACKING": "OK"}
    assert await checking.status(domain) == "VERIFIED"


async def test_a_check_that_is_not_due_asks_nobody(checking: Checking, domain: Domain) -> None:
    checking.publish(domain)
    await checking.run(domain.account, domain.id)
    assert (checking.zone.asked, await checking.status(domain)) == ([], "PENDING")


VALUES = {
    "spaces and order of a key": ("DKIM", "p= {begin} {rest} ;k=rsa;v=DKIM1", "OK"),
    "a key without what is usual": ("DKIM", "p={begin}{rest}", "OK"),
    "another key": ("DKIM", "v=DKIM1; k=rsa; p=BBBB", "WRONG"),
    "a key that was taken back": ("DKIM", "v=DKIM1; p=", "WRONG"),
    "a key of another kind": ("DKIM", "v=DKIM1; k=ed25519; p=AAAA", "WRONG"),
    "another token": ("OWNERSHIP", "mandant-verification=0123", "WRONG"),
    "the token among other text": ("OWNERSHIP", "google=1 mandant-verification={token}", "WRONG"),
    "SPF of others too": ("SPF", "v=spf1 include:a.example +include:SPF.mail.mandant.example. -all", "OK"),
    "SPF of others alone": ("SPF", "v=spf1 include:a.example -all", "WRONG"),
    "SPF behind its end": ("SPF", "v=spf1 -all include:spf.mail.mandant.example", "WRONG"),
    "SPF that forbids": ("SPF", "v=spf1 -include:spf.mail.mandant.example -all", "WRONG"),
    "no SPF": ("SPF", "v=spf10 include:spf.mail.mandant.example", "MISSING"),
    "a strict policy": ("DMARC", "v=DMARC1; p=reject; rua=mailto:a@b.example", "OK"),
    "no policy": ("DMARC", "v=DMARC1; rua=mailto:a@b.example", "WRONG"),
    "an unknown policy": ("DMARC", "v=DMARC1; p=maybe", "WRONG"),
    "no DMARC": ("DMARC", "p=reject", "MISSING"),
    "an alias in capitals": ("RETURN_PATH", "BOUNCE.Mail.mandant.EXAMPLE", "OK"),
    "an alias of others": ("RETURN_PATH", "bounce.mail.mandant.example.evil.example", "WRONG"),
}


@pytest.mark.parametrize("what", VALUES)
async def test_a_value(what: str, api: Api, brand: Brand, checking: Checking, domain: Domain) -> None:
    purpose, value, status = VALUES[what]
    checking.publish(domain)
    name, _ = _record(domain, purpose)
    key = _record(domain, "DKIM")[1].rpartition("p=")[2]
    value = value.replace("{begin}", key[:9]).replace("{rest}", key[9:])
    checking.zone.publish("CNAME" if purpose == "RETURN_PATH" else "TXT", name, value)
    await checking.run_now(domain)
    assert await found_of(api, brand.owner, domain.id) == _ALL_OK | {purpose: status}
    assert await checking.status(domain) == ("VERIFIED" if status == "OK" else "PENDING")


@pytest.mark.parametrize("purpose", ["SPF", "DMARC"])
async def test_two_where_receivers_accept_one(
    purpose: str, api: Api, brand: Brand, checking: Checking, domain: Domain
) -> None:
    checking.publish(domain)
    name, value = _record(domain, purpose)
    checking.zone.publish("TXT", name, value, f"{value} ")
    await checking.run_now(domain)
    assert await found_of(api, brand.owner, domain.id) == _ALL_OK | {purpose: "WRONG"}


async def test_the_policy_of_the_registered_domain_counts(
    api: Api, brand: Brand, checking: Checking, domain: Domain
) -> None:
    """Receivers ask there too, if the domain itself has none (RFC 7489)."""
    checking.publish(domain, "DMARC")
    checking.zone.publish("TXT", "_dmarc.example.com", "v=DMARC1; p=quarantine")
    await checking.run_now(domain)
    assert await found_of(api, brand.owner, domain.id) == _ALL_OK


MOODS = {
    Mood.SILENT: "UNREACHABLE",
    Mood.FAILING: "UNREACHABLE",
    Mood.REFUSING: "UNREACHABLE",
    Mood.STAMMERING: "UNREACHABLE",
    Mood.LAGGING: "OK",
    Mood.LATE: "UNREACHABLE",
    Mood.LOOPING: "UNREACHABLE",
    Mood.TURNING: "UNREACHABLE",
    Mood.CHAINING: "UNREACHABLE",
    Mood.MISDIRECTED: "UNREACHABLE",
    Mood.TRUNCATING: "UNREACHABLE",
    Mood.CUTTING: "UNREACHABLE",
    Mood.DRIPPING: "UNREACHABLE",
    Mood.DENYING: "MISSING",
    Mood.CHATTING: "MISSING",
    Mood.MISNAMING: "MISSING",
}


_WAITED_OUT = {Mood.SILENT, Mood.STAMMERING, Mood.LATE, Mood.MISDIRECTED, Mood.DRIPPING}
"""What takes all of the worker's patience."""


def _name(moods: Collection[Mood]) -> str:
    return " ".join(sorted(mood.name for mood in moods))


@pytest.mark.parametrize(
    "moods", [*[{mood} for mood in MOODS if mood not in _WAITED_OUT], _WAITED_OUT], ids=_name
)
async def test_a_strange_answer_about_one_name(
    moods: Collection[Mood], api: Api, brand: Brand, world: World, checking: Checking
) -> None:
    """The other records are told as they are, in bounded time. What takes long is waited for at once."""
    strange = {mood: await give_domain(world, brand.us) for mood in moods}
    for mood, domain in strange.items():
        checking.publish(domain)
        checking.zone.moods[_record(domain, "DKIM")[0]] = mood
    began = time.monotonic()
    await asyncio.gather(*[checking.run_now(domain) for domain in strange.values()])
    assert time.monotonic() - began < 2 * PATIENCE
    for mood, domain in strange.items():
        assert await found_of(api, brand.owner, domain.id) == _ALL_OK | {"DKIM": MOODS[mood]}, mood
        assert await checking.status(domain) == ("VERIFIED" if MOODS[mood] == "OK" else "PENDING"), mood


def test_every_strange_answer_is_tried() -> None:
    assert set(MOODS) == set(Mood)


async def test_aliases_in_a_circle(api: Api, brand: Brand, checking: Checking, domain: Domain) -> None:
    """Where an alias is looked for, the first of them is one, for another name."""
    checking.publish(domain)
    checking.zone.moods[_record(domain, "RETURN_PATH")[0]] = Mood.LOOPING
    await checking.run_now(domain)
    assert await found_of(api, brand.owner, domain.id) == _ALL_OK | {"RETURN_PATH": "WRONG"}


async def test_a_thousand_records_and_a_huge_one(
    api: Api, brand: Brand, checking: Checking, domain: Domain
) -> None:
    """The answer comes over TCP; a part of it is kept, and shown without what could harm a terminal."""
    checking.publish(domain)
    spf, spf_value = _record(domain, "SPF")
    checking.zone.publish("TXT", spf, *[f"other={number}" for number in range(1000)], spf_value)
    ownership, token = _record(domain, "OWNERSHIP")
    strange = "\x1b[31m\x00\xff\\" + "x" * 20_000
    checking.zone.publish(
        "TXT", ownership, *[f"{number}{strange}" for number in range(2)], token, *"0123456789"
    )
    await checking.run_now(domain)
    found = await seen(api, brand.owner, domain.id)
    values = {record["purpose"]: record["foundValues"] for record in found["records"]}
    assert found["status"] == "VERIFIED"
    assert values["SPF"] == [spf_value]
    assert len(values["OWNERSHIP"]) == 10
    assert values["OWNERSHIP"][0].startswith("0\\027[31m\\000\\255\\x")
    assert max(map(len, values["OWNERSHIP"])) < 310


async def test_a_name_server_that_is_not_there(
    api: Api, brand: Brand, checking: Checking, domain: Domain
) -> None:
    away = Checking(checking.application, checking.world, Dns([NameServer("127.0.0.1", free_port())]), Zone())
    began = time.monotonic()
    await away.run_now(domain)
    assert time.monotonic() - began < 2 * PATIENCE
    assert set((await found_of(api, brand.owner, domain.id)).values()) == {"UNREACHABLE"}


async def test_the_next_name_server_is_asked(checking: Checking, domain: Domain) -> None:
    checking.publish(domain)
    both = Dns([NameServer("127.0.0.1", free_port()), *checking.dns.servers])
    await Checking(checking.application, checking.world, both, checking.zone).run_now(domain)
    assert await checking.status(domain) == "VERIFIED"


ASKS_THE_NEXT = {mood: mood is not Mood.DENYING for mood in (Mood.FAILING, Mood.SILENT, Mood.DENYING)}


@pytest.mark.parametrize("mood", ASKS_THE_NEXT)
async def test_a_failure_is_asked_about_again_and_a_denial_believed(
    mood: Mood, checking: Checking, domain: Domain
) -> None:
    """NXDOMAIN says that there is nothing; SERVFAIL says nothing."""
    checking.publish(domain)
    strange = Zone()
    strange.moods = {each.name: mood for each in domain.expected}
    with name_server(strange) as first:
        both = Dns([*first.servers, *checking.dns.servers])
        await Checking(checking.application, checking.world, both, checking.zone).run_now(domain)
    assert await checking.status(domain) == ("VERIFIED" if ASKS_THE_NEXT[mood] else "PENDING")


async def test_the_systems_name_servers_are_the_usual_ones() -> None:
    """Whether there are any: a name that cannot exist has no records, or nobody can be asked."""
    assert await Dns().look_up("nothing.invalid", DnsRecordType.TXT) in ([], None)


async def test_a_check_that_somebody_asks_for_meanwhile_replaces_one_under_way(
    api: Api, brand: Brand, checking: Checking, domain: Domain
) -> None:
    """What DNS said before the wish is not written."""
    await checking.make_due(domain)

    class _Asking(Dns):
        async def look_up(self, name: str, kind: DnsRecordType) -> list[str] | None:
            answer = await checking.dns.look_up(name, kind)
            if name.startswith("_mandant."):
                await done(api, "domainVerify", brand.owner, domainId=domain.id)
            return answer

    meanwhile = Checking(checking.application, checking.world, _Asking(), checking.zone)
    await meanwhile.run(domain.account, domain.id)
    assert set((await found_of(api, brand.owner, domain.id)).values()) == {None}
    checking.publish(domain)
    await checking.run(domain.account, domain.id)
    assert await checking.status(domain) == "VERIFIED"
