"""The stored records of a domain: what has to be published, and what the last check found."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.writes.sessions import WriteSession
from models.base.ids import DomainId, MasterId
from models.domains.tables import domain_records
from resolvers.domains.expected_records import ExpectedRecord
from resolvers.domains.judging import FoundRecord


async def add_records(
    session: WriteSession, master_id: MasterId, domain_id: DomainId, expected: Sequence[ExpectedRecord]
) -> None:
    """Store the records of a new domain. None of them was looked for yet."""
    rows = [{"master_id": master_id, "domain_id": domain_id, **_published(record)} for record in expected]
    await session.execute_each(insert(domain_records), rows)


async def put_record(
    session: WriteSession, master_id: MasterId, domain_id: DomainId, expected: ExpectedRecord
) -> None:
    """Store a record that is new, or replaces another one for its purpose. It was not looked for yet."""
    unchecked: dict[str, Any] = {"status": None, "found_values": [], "problem": None, "checked_at": None}
    values = {**_published(expected), **unchecked}
    made = upsert(domain_records).values(master_id=master_id, domain_id=domain_id, **values)
    key = ["master_id", "domain_id", "purpose"]
    await session.send_built(made.on_conflict_do_update(index_elements=key, set_=values))


async def store_found(
    session: WriteSession, master_id: MasterId, domain_id: DomainId, found: Sequence[FoundRecord]
) -> None:
    """Store what a check found. It also corrects what has to be published, if the deployment has other hosts
    by now."""
    for record in found:
        values = {
            **_published(record.expected),
            "status": record.status.value,
            "found_values": list(record.found),
            "problem": record.problem,
        }
        made = upsert(domain_records).values(
            master_id=master_id, domain_id=domain_id, **values, checked_at=func.now()
        )
        replaced = {name: made.excluded[name] for name in (*values, "checked_at")}
        key = ["master_id", "domain_id", "purpose"]
        await session.send_built(made.on_conflict_do_update(index_elements=key, set_=replaced))


def _published(record: ExpectedRecord) -> dict[str, Any]:
    return {
        "purpose": record.purpose.value,
        "type": record.type.value,
        "name": record.name,
        "value": record.value,
    }
