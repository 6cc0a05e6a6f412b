"""A domain's key, and a receiver who finds it in DNS."""

import asyncio
from collections.abc import Iterator

import pytest

from models.domains.tables import DomainKind, DomainRecordPurpose
from resolvers.domains.dkim import DkimKey, NewDkimKey
from resolvers.domains.expected_records import DomainFacts, PublishedKey, expected_records
from tests.areas.domains.name_server import Zone, name_server
from tests.server.transports.receiver import DOMAIN, Receiver


@pytest.fixture(scope="session")
def key() -> DkimKey:
    return asyncio.run(NewDkimKey().made())


@pytest.fixture
def receiver(key: DkimKey) -> Iterator[Receiver]:
    zone = Zone()
    published = PublishedKey(key.selector, key.public_key)
    facts = DomainFacts(DomainKind.SENDING, DOMAIN, "token", published)
    for each in expected_records(facts, "mail.example"):
        if each.purpose is DomainRecordPurpose.DKIM:
            zone.publish(each.type.value, each.name, each.value)
    with name_server(zone) as dns:
        yield Receiver(dns)
