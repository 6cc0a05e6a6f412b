"""Domains of accounts, written straight into the database."""

import uuid
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select

from models.base.ids import DomainId, Kind, new_id, present
from models.domains.tables import (
    DomainKind,
    DomainStatus,
    domain_claims,
    domain_keys,
    domain_records,
    domains,
)
from resolvers.domains.dkim import NewDkimKey
from resolvers.domains.expected_records import DomainFacts, ExpectedRecord, PublishedKey, expected_records
from resolvers.domains.sealed_columns import PRIVATE_KEY
from resolvers.sealing.keyring import Keyring
from tests.world.world import Account, World

MAIL_HOST = "mail.mandant.example"

KEYRING = Keyring([b"a secret of tests"])
_PAIR = NewDkimKey()
"""Of all domains: another one for each would take a tenth of a second."""


async def public_key_of_all() -> str:
    """As all sending domains publish it."""
    return (await _PAIR.made()).public_key


@dataclass(frozen=True)
class Domain:
    """A domain of an account, and what its owner has to publish."""

    key: DomainId
    account: Account
    name: str
    expected: list[ExpectedRecord]

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(Kind.DOMAIN, self.key)


def new_name(host: str = "news") -> str:
    """The name of a domain that no other test has."""
    return f"{host}-{uuid.uuid4().hex[:12]}.example.com"


async def give_domain(
    world: World,
    account: Account,
    name: str | None = None,
    kind: DomainKind = DomainKind.SENDING,
    *,
    verified: bool = False,
) -> Domain:
    """The account has the domain; its next check is due in a day. All domains have one key pair."""
    found, key = name or new_name(), DomainId(new_id())
    sends = kind is DomainKind.SENDING
    pair = await _PAIR.made()
    published = PublishedKey(f"m{key.hex[-8:]}", pair.public_key) if sends else None
    facts = DomainFacts(kind, found, key.hex, published)
    expected = expected_records(facts, MAIL_HOST)
    own = {"master_id": account.master, "domain_id": key}
    async with world.database.begin() as connection:
        claim_id = None
        if verified:
            claim_id = new_id()
            claim: dict[str, object] = {"id": claim_id, "name": found, "master_id": account.master}
            claim["for_sign_in"] = kind is DomainKind.SIGN_IN
            await connection.execute(insert(domain_claims).values(claim))
        await connection.execute(
            insert(domains).values(
                master_id=account.master,
                account_id=account.key,
                id=key,
                kind=kind.value,
                name=found,
                ascii_name=found,
                token=facts.token,
                status=(DomainStatus.VERIFIED if verified else DomainStatus.PENDING).value,
                claim_id=claim_id,
                verified_at=func.now() if verified else None,
                check_due_at=func.now() + func.make_interval(0, 0, 0, 1),
            )
        )
        if published is not None:
            public = {"selector": published.selector, "public_key": published.public_key}
            sealed = KEYRING.seal(PRIVATE_KEY.place(own), pair.private_key)
            await connection.execute(insert(domain_keys).values(**own, **public, private_key=sealed))
        await connection.execute(
            insert(domain_records),
            [
                {**own, "purpose": each.purpose.value, "type": each.type.value}
                | {"name": each.name, "value": each.value}
                for each in expected
            ],
        )
    return Domain(key, account, found, expected)


async def forget_domains(world: World, account: Account) -> None:
    """The account has no domains."""
    own = select(domains.c.id).where(domains.c.account_id == account.key)
    async with world.database.begin() as connection:
        for table in (domain_records, domain_keys):
            await connection.execute(delete(table).where(table.c.domain_id.in_(own)))
        await connection.execute(delete(domains).where(domains.c.account_id == account.key))


async def holder_of(world: World, name: str) -> uuid.UUID | None:
    """The tree that has the domain verified."""
    statement = select(domain_claims.c.master_id).where(domain_claims.c.name == name)
    async with world.database.connect() as connection:
        return (await connection.execute(statement)).scalar_one_or_none()
