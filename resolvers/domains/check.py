"""A worker looks into DNS, and writes what it found (R80, R81).

DNS is asked between two transactions. If somebody asks for another check meanwhile, or another worker was
faster, nothing is written. So several workers, or one that dies, never do harm.

A verified domain is broken once three checks of three days have failed: name servers may be out of reach for
a while, and records may be changed in several steps. A check without any failure mends it.
"""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update

from authz.callers.actors import EarlierActor
from authz.guards.exclusive import without_rights
from authz.guards.locks import lock_shared_path
from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSession, WriteSessions
from models.accounts.trees import in_tree, row_of
from models.base.ids import AccountId, AccountKey, DomainId, Kind, MasterId, present
from models.domains.tables import DomainKind, DomainRecordPurpose, DomainStatus, domain_keys, domains
from models.effects.jobs import Job
from resolvers.domains.claims import claim, release
from resolvers.domains.dns import Dns
from resolvers.domains.expected_records import DomainFacts, PublishedKey, expected_records
from resolvers.domains.judging import FoundRecord
from resolvers.domains.looking import look_for_all
from resolvers.domains.records import store_found
from resolvers.domains.replace_key import found_next_key, take_next_key
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record
from resolvers.sealing.keyring import KeyringSource

FAILURES = 3
"""So many failed checks break a verified domain."""
_DAY = datetime.timedelta(days=1)
_ALMOST_A_DAY = datetime.timedelta(hours=20)
"""So long after a failure that counted the next one counts: on one day only one does, however often somebody
asks."""

_DomainRow = Row[*tuple[Any, ...]]

_EVENTS = {
    (DomainStatus.PENDING, DomainStatus.VERIFIED): EventType.DOMAIN_VERIFIED,
    (DomainStatus.VERIFIED, DomainStatus.BROKEN): EventType.DOMAIN_BROKEN,
    (DomainStatus.BROKEN, DomainStatus.VERIFIED): EventType.DOMAIN_RECOVERED,
}


@dataclass(frozen=True)
class _Due:
    """A domain as it was when its check began."""

    account: AccountKey
    id: DomainId
    due_at: datetime.datetime
    facts: DomainFacts


async def check_domain(
    sessions: WriteSessions, dns: Dns, mail_host: str, keyring_source: KeyringSource, job: Job
) -> None:
    """Check the job's domain, if its check is due. A key that waits to replace another one does so once its
    record is found. Raises SECRETS_UNAVAILABLE then, where the worker has no keys."""
    async with sessions.begin() as session:
        due = await _due(session, job.master_id, DomainId(job.subject_id))
    if due is None:
        return
    found = await look_for_all(dns, expected_records(due.facts, mail_host))
    async with sessions.begin() as session:
        await _write(session, due, found, keyring_source)


async def _due(session: WriteSession, master_id: MasterId, domain_id: DomainId) -> _Due | None:
    if not await enter_as_worker(session, master_id):
        return None
    with_key = in_tree(domain_keys, domains, domain_id="id")
    statement = (
        select(
            *domains.c,
            *(domain_keys.c[name] for name in ("selector", "public_key", "next_selector", "next_public_key")),
        )
        .select_from(domains.outerjoin(domain_keys, with_key))
        .where(domains.c.master_id == master_id, domains.c.id == domain_id, _IS_DUE)
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    key = None if row.selector is None else PublishedKey(row.selector, row.public_key)
    waiting = None if row.next_selector is None else PublishedKey(row.next_selector, row.next_public_key)
    facts = DomainFacts(DomainKind(row.kind), row.ascii_name, row.token, key, waiting)
    return _Due(AccountKey(master_id, AccountId(row.account_id)), domain_id, row.check_due_at, facts)


_IS_DUE: ColumnElement[bool] = domains.c.check_due_at <= func.now()


async def _write(
    session: WriteSession, due: _Due, found: Sequence[FoundRecord], keyring_source: KeyringSource
) -> None:
    row = await _locked(session, due)
    if row is None:
        return
    with_new_key = found_next_key(found)
    if with_new_key is not None:
        found = with_new_key
        selectors = await take_next_key(session, due.account.master_id, due.id, keyring_source)
        await _log_key(session, due, row, *selectors)
    claim_id = await _proved(session, row, found)
    if claim_id is None and _is_complete(found):
        found = [_as_of_nobody(each) for each in found]
    after, failures = _standing(row, proved=claim_id is not None)
    keeps = after is DomainStatus.VERIFIED
    verified_at = (
        domains.c.verified_at if claim_id is None else func.coalesce(domains.c.verified_at, func.now())
    )
    await session.send_built(
        update(domains)
        .where(row_of(domains, due.account, due.id))
        .values(
            status=after.value,
            claim_id=claim_id or row.claim_id if keeps else None,
            failures=failures,
            failure_counted_at=_counted_at(row, failures),
            verified_at=verified_at,
            checked_at=func.now(),
            check_due_at=func.now() + _DAY,
            actor_user_id=None,
            actor_api_key_id=None,
            actor_account_id=None,
        )
    )
    await store_found(session, due.account.master_id, due.id, found)
    if row.claim_id is not None and not keeps:
        await release(session, [row.claim_id])
    await _log(session, due, row, after, found)


async def _locked(session: WriteSession, due: _Due) -> _DomainRow | None:
    """The domain, locked, and whether a failure counts now. None: the check that began is not due any
    more."""
    if not await enter_as_worker(session, due.account.master_id):
        return None
    await lock_shared_path(session, due.account.master_id, due.account.account_id)
    counted_at = domains.c.failure_counted_at
    counts = or_(counted_at.is_(None), counted_at <= func.now() - _ALMOST_A_DAY)
    still_due = and_(row_of(domains, due.account, due.id), domains.c.check_due_at == due.due_at)
    locked = select(*domains.c, counts.label("counts")).where(still_due).with_for_update()
    return (await session.execute(locked)).one_or_none()


async def _proved(session: WriteSession, row: _DomainRow, found: Sequence[FoundRecord]) -> uuid.UUID | None:
    """The tree's claim, if all records are there. None: they are not, or another tree has the domain."""
    if not _is_complete(found):
        return None
    known: uuid.UUID | None = row.claim_id
    for_sign_in = row.kind == DomainKind.SIGN_IN.value
    return known or await claim(session, MasterId(row.master_id), row.ascii_name, for_sign_in=for_sign_in)


def _is_complete(found: Sequence[FoundRecord]) -> bool:
    """Whether all records are there that are needed. That of a key that waits is not."""
    return all(each.is_ok for each in found if each.expected.purpose is not DomainRecordPurpose.DKIM_NEXT)


def _standing(row: _DomainRow, *, proved: bool) -> tuple[DomainStatus, int]:
    """The status after the check, and how many failures count by then."""
    before = DomainStatus(row.status)
    if proved:
        return DomainStatus.VERIFIED, 0
    if before is not DomainStatus.VERIFIED:
        return before, 0
    failures = row.failures + row.counts
    return (DomainStatus.BROKEN, 0) if failures >= FAILURES else (before, failures)


def _counted_at(row: _DomainRow, failures: int) -> object:
    if failures == 0:
        return None
    return func.now() if failures > row.failures else row.failure_counted_at


def _as_of_nobody(found: FoundRecord) -> FoundRecord:
    """Another tree has the domain. Nobody is told more than who has not proved the ownership (N20)."""
    return found.refused() if found.expected.purpose is DomainRecordPurpose.OWNERSHIP else found


async def _log(
    session: WriteSession, due: _Due, row: _DomainRow, after: DomainStatus, found: Sequence[FoundRecord]
) -> None:
    """An event, if the status changed. It names who asked for the check, or nobody: it was the daily one."""
    before = DomainStatus(row.status)
    kind = _EVENTS.get((before, after))
    if kind is None:
        return
    seen = [f"{each.expected.purpose.value} {each.status.value}" for each in found]
    change: Change = {"status": after.value, "name": row.ascii_name, "records": seen}
    await _record(session, due, row, kind, {"status": before.value}, change)


async def _log_key(session: WriteSession, due: _Due, row: _DomainRow, old: str, new: str) -> None:
    after: Change = {"selector": new, "name": row.ascii_name}
    await _record(session, due, row, EventType.DOMAIN_KEY_REPLACED, {"selector": old}, after)


async def _record(
    session: WriteSession, due: _Due, row: _DomainRow, kind: EventType, before: Change, after: Change
) -> None:
    actor = EarlierActor(row.actor_user_id, row.actor_api_key_id)
    account = without_rights(due.account, row.actor_account_id)
    await record(session, actor, account, kind, present(Kind.DOMAIN, due.id), before, after)
