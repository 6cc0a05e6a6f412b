"""Keys for DKIM that replace others."""

import base64
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key
from sqlalchemy import Row, select

from models.domains.tables import domain_keys
from resolvers.domains.sealed_columns import PRIVATE_KEY
from tests.areas.domains.checking import Checking
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.brand import Brand
from tests.world.domains import Domain
from tests.world.world import World

_RECORDS = "domain { records { purpose type name value status } }"

KeyRow = Row[*tuple[Any, ...]]


async def replaced(api: Api, brand: Brand, domain: Domain) -> dict[str, Any]:
    """Have a new key made. The record to publish."""
    made = await done(api, "domainKeyReplace", brand.owner, _RECORDS, domainId=domain.id)
    (found,) = [each for each in made["domain"]["records"] if each["purpose"] == "DKIM_NEXT"]
    assert found["status"] is None
    return dict(found)


def publish(checking: Checking, record: dict[str, Any]) -> None:
    """DNS has the record."""
    checking.zone.publish(record["type"], record["name"], record["value"])


async def key_of(world: World, domain: Domain) -> KeyRow:
    """The domain's keys, as they are stored."""
    statement = select(domain_keys).where(domain_keys.c.domain_id == domain.key)
    async with world.database.connect() as connection:
        return (await connection.execute(statement)).one()


def belongs_to(row: KeyRow, record: dict[str, Any], checking: Checking) -> bool:
    """Whether e-mail is signed with the key of this record."""
    place = PRIVATE_KEY.place(dict(row._mapping))
    private = load_der_private_key(checking.keyring().open(place, row.private_key), None)
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    selector = record["name"].partition(".")[0]
    return bool(row.selector == selector) and str(record["value"]).endswith(
        f"p={base64.b64encode(public).decode()}"
    )
