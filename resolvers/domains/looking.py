"""Looking for the records of a domain in DNS."""

import asyncio
from collections.abc import Sequence

from models.domains.tables import DomainRecordStatus
from resolvers.domains.dns import Dns
from resolvers.domains.expected_records import ExpectedRecord
from resolvers.domains.judging import FoundRecord, judge


async def look_for_all(dns: Dns, expected: Sequence[ExpectedRecord]) -> list[FoundRecord]:
    """What DNS has of these records, asked all at once."""
    return list(await asyncio.gather(*[_look_for(dns, record) for record in expected]))


async def _look_for(dns: Dns, record: ExpectedRecord) -> FoundRecord:
    found = judge(record, await dns.look_up(record.name, record.type))
    if found.status is not DomainRecordStatus.MISSING or record.else_at in (None, record.name):
        return found
    other = judge(record, await dns.look_up(record.else_at, record.type))
    return other if other.is_ok else found
