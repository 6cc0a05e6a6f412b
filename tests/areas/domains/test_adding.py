"""Adding and removing domains: how many, what has to be published, and that the private key stays inside."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key
from sqlalchemy import select

from models.domains.tables import DomainKind, domain_keys, domain_records, domains
from models.staff.overrides import OverrideKind
from resolvers.domains.sealed_columns import PRIVATE_KEY
from resolvers.sealing.keyring import Keyring, NotOpenedError
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.areas.domains.checking import RECORDS, Checking
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import attempt, code_of, done
from tests.database.job_queue import kinds_of
from tests.world.brand import Brand
from tests.world.domains import give_domain, new_name
from tests.world.staff import set_override, staff_member
from tests.world.world import Account, World

_DOMAIN = f"domain {{ id kind name asciiName status verifiedAt checkedAt account {{ id }} {RECORDS} }}"
_LISTED = "query ($id: ID!) { account(id: $id) { domains(first: 10) { totalCount nodes { name } } } }"


def _new(account: Account, name: str | None = None, kind: str = "SENDING") -> dict[str, Any]:
    return {"accountId": account.id, "kind": kind, "name": name or new_name()}


async def test_a_sending_domain_says_what_to_publish(api: Api, brand: Brand, world: World) -> None:
    name = new_name()
    made = await done(api, "domainAdd", brand.owner, _DOMAIN, **_new(brand.us, name.upper() + "."))
    domain = made["domain"]
    assert (domain["name"], domain["asciiName"], domain["status"]) == (name, name, "PENDING")
    assert (domain["verifiedAt"], domain["checkedAt"]) == (None, None)
    records = {record["purpose"]: record for record in domain["records"]}
    assert {purpose: (record["type"], record["name"]) for purpose, record in records.items()} == {
        "OWNERSHIP": ("TXT", f"_mandant.{name}"),
        "DKIM": ("TXT", records["DKIM"]["name"]),
        "SPF": ("TXT", name),
        "DMARC": ("TXT", f"_dmarc.{name}"),
        "RETURN_PATH": ("CNAME", f"bounce.{name}"),
    }
    assert records["DKIM"]["name"].endswith(f"._domainkey.{name}")
    assert records["SPF"]["value"] == "v=spf1 include:spf.mandant.test ~all"
    assert records["RETURN_PATH"]["value"] == "bounce.mandant.test"
    assert records["OWNERSHIP"]["value"].startswith("mandant-verification=")
    for record in records.values():
        left = {key: record[key] for key in ("status", "foundValues", "problem", "checkedAt")}
        assert left == {"status": None, "foundValues": [], "problem": None, "checkedAt": None}
    (event,) = await events_of(api, brand.owner, brand.us.id)
    assert (event["type"], event["subjectId"]) == ("DOMAIN_ADDED", domain["id"])
    assert event["after"] == {"kind": "SENDING", "name": name}
    assert [kind.name for kind in await kinds_of(world.database, brand.us)] == ["domain_check"]


async def test_the_private_key_is_sealed_in_its_place(
    api: Api, brand: Brand, world: World, settings: Settings
) -> None:
    """The published key is that of the private one, which opens in its row alone."""
    made = await done(api, "domainAdd", brand.owner, _DOMAIN, **_new(brand.us))
    await done(api, "domainAdd", brand.owner, **_new(brand.uk))
    async with world.database.connect() as connection:
        mine = select(domain_keys).where(domain_keys.c.master_id == brand.us.master)
        one, other = (await connection.execute(mine.order_by(domain_keys.c.domain_id))).all()
    keyring = Keyring([secret.encode() for secret in settings.secret_key_texts])
    private = keyring.open(PRIVATE_KEY.place(dict(one._mapping)), one.private_key)
    key = load_der_private_key(private, None)
    assert isinstance(key, RSAPrivateKey)
    assert key.key_size == 2048
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    (published,) = [each["value"] for each in made["domain"]["records"] if each["purpose"] == "DKIM"]
    assert published == f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
    with pytest.raises(NotOpenedError):
        keyring.open(PRIVATE_KEY.place(dict(other._mapping)), one.private_key)


async def test_without_keys_there_is_no_sending_domain(
    brand: Brand, world: World, settings: Settings, addresses: DatabaseAddresses
) -> None:
    """A tracking domain has no secret."""
    without = settings.model_copy(
        update={"secret_keys": None, "database_url": addresses.application, "mail_host": "m.example"}
    )
    app = create_app(without, addresses.application)
    async with Api.of(app) as api, app.router.lifespan_context(app):
        before = await world.state(brand.master)
        assert await code_of(api, "domainAdd", brand.owner, **_new(brand.us)) == "SECRETS_UNAVAILABLE"
        assert await world.state(brand.master) == before
        made = await done(api, "domainAdd", brand.owner, _DOMAIN, **_new(brand.us, kind="TRACKING"))
    values = {each["purpose"]: (each["type"], each["value"]) for each in made["domain"]["records"]}
    assert values["TRACKING"] == ("CNAME", "track.m.example")
    assert values.keys() == {"OWNERSHIP", "TRACKING"}


async def test_a_name_is_shown_in_unicode_and_compared_in_ascii(api: Api, brand: Brand) -> None:
    name = f"bücher.{new_name()}"
    made = await done(api, "domainAdd", brand.owner, _DOMAIN, **_new(brand.us, name))
    assert made["domain"]["name"] == name
    assert made["domain"]["asciiName"] == name.replace("bücher", "xn--bcher-kva")
    again = await attempt(
        api, "domainAdd", brand.owner, **_new(brand.us, made["domain"]["asciiName"].upper())
    )
    assert (again.code, again.named) == ("CONFLICT", "name")


async def test_there_is_one_sending_domain_and_support_allows_more(
    api: Api, brand: Brand, world: World
) -> None:
    """R80. Those that are there stay when less are allowed again."""
    await done(api, "domainAdd", brand.owner, **_new(brand.us))
    await done(api, "domainAdd", brand.owner, **_new(brand.uk))
    before = await world.state(brand.master)
    refused = await attempt(api, "domainAdd", brand.owner, **_new(brand.us))
    assert (refused.code, refused.named) == ("DOMAIN_LIMIT_REACHED", "kind")
    assert refused.user_error is not None
    assert refused.user_error["message"].startswith("The account can have 1 sending domain. ")
    assert await world.state(brand.master) == before
    agent = await staff_member(world)
    await set_override(world, brand.us, OverrideKind.SENDING_DOMAINS, agent, sending_domains=2)
    await done(api, "domainAdd", brand.owner, **_new(brand.us))
    assert await code_of(api, "domainAdd", brand.owner, **_new(brand.us)) == "DOMAIN_LIMIT_REACHED"
    found = (await api.read(_LISTED, brand.owner, id=brand.us.id))["account"]["domains"]
    assert found["totalCount"] == 2


async def test_there_is_one_tracking_domain_whatever_support_sets(
    api: Api, brand: Brand, world: World
) -> None:
    """R82, T36. One that was never verified can be replaced; every account has its own (R81)."""
    agent = await staff_member(world)
    await set_override(world, brand.us, OverrideKind.SENDING_DOMAINS, agent, sending_domains=9)
    first = await give_domain(world, brand.us, kind=DomainKind.TRACKING)
    assert await code_of(api, "domainAdd", brand.owner, **_new(brand.us, kind="TRACKING")) == (
        "DOMAIN_LIMIT_REACHED"
    )
    await done(api, "domainAdd", brand.owner, **_new(brand.uk, kind="TRACKING"))
    await done(api, "domainRemove", brand.owner, domainId=first.id)
    await done(api, "domainAdd", brand.owner, **_new(brand.us, kind="TRACKING"))


async def test_a_verified_tracking_domain_stays(
    api: Api, brand: Brand, world: World, checking: Checking
) -> None:
    """Also once it is broken: links in mail that was sent lead through it (R82)."""
    domain = await give_domain(world, brand.us, kind=DomainKind.TRACKING, verified=True)
    before = await world.state(brand.master)
    assert await code_of(api, "domainRemove", brand.owner, domainId=domain.id) == "FAILED_PRECONDITION"
    assert await world.state(brand.master) == before
    for _ in range(3):
        await checking.run_next_day(domain)
    assert await checking.status(domain) == "BROKEN"
    assert await code_of(api, "domainRemove", brand.owner, domainId=domain.id) == "FAILED_PRECONDITION"


async def test_what_is_removed_leaves_nothing_behind(api: Api, brand: Brand, world: World) -> None:
    domain = await give_domain(world, brand.us, verified=True)
    selection = "removedDomainId account { id domains(first: 1) { totalCount } }"
    made = await done(api, "domainRemove", brand.owner, selection, domainId=domain.id)
    assert made["removedDomainId"] == domain.id
    assert made["account"] == {"id": brand.us.id, "domains": {"totalCount": 0}}
    async with world.database.connect() as connection:
        for table in (domain_keys, domain_records, domains):
            column = table.c.id if table is domains else table.c.domain_id
            assert (await connection.execute(select(table).where(column == domain.key))).all() == []
    (event,) = await events_of(api, brand.owner, brand.us.id)
    assert (event["type"], event["subjectId"]) == ("DOMAIN_REMOVED", domain.id)
    assert event["before"] == {"kind": "SENDING", "name": domain.name, "status": "VERIFIED"}
    assert await code_of(api, "domainRemove", brand.owner, domainId=domain.id) == "NOT_FOUND"


async def test_one_domain_is_checked_twenty_times_an_hour(api: Api, brand: Brand, world: World) -> None:
    one, other = await give_domain(world, brand.us), await give_domain(world, brand.uk)
    for _ in range(20):
        await done(api, "domainVerify", brand.owner, domainId=one.id)
    before = await world.state(brand.master)
    assert await code_of(api, "domainVerify", brand.owner, domainId=one.id) == "RATE_LIMITED"
    assert await world.state(brand.master) == before
    await done(api, "domainVerify", brand.owner, domainId=other.id)


async def test_nothing_is_inherited(api: Api, brand: Brand, world: World) -> None:
    """R81: each account has its own."""
    await give_domain(world, brand.master, verified=True)
    found = (await api.read(_LISTED, brand.owner, id=brand.us.id))["account"]["domains"]
    assert found == {"totalCount": 0, "nodes": []}
