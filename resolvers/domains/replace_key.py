"""Replacing a domain's key for DKIM.

The new key waits until its record is found in DNS; e-mail is signed with the old one meanwhile. So there is
no moment in which receivers find no key. The check that finds the new record takes the new key.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import delete, select, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_tree
from models.base.ids import DomainId, Kind, MasterId, present
from models.domains.tables import DomainKind, DomainRecordPurpose, domain_keys, domain_records, domains
from resolvers.domains.dkim import NewDkimKey
from resolvers.domains.expected_records import PublishedKey, next_key_record
from resolvers.domains.judging import FoundRecord
from resolvers.domains.records import put_record
from resolvers.domains.sealed_columns import NEXT_PRIVATE_KEY, PRIVATE_KEY
from resolvers.domains.verify import have_checked
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record
from resolvers.sealing.keyring import KeyringSource


async def replace_key(
    session: WriteSession,
    principal: Principal,
    domain_id: DomainId,
    new_key: NewDkimKey,
    keyring_source: KeyringSource,
) -> None:
    """Make a new key, which waits for its record. One that waits already is given up for it.

    Needs DOMAINS_WRITE. Raises FAILED_PRECONDITION for a tracking domain, which has no key, and
    SECRETS_UNAVAILABLE where the server has no keys.
    """
    keyring, key = keyring_source(), await new_key.made()
    owner = select(domains.c.account_id).where(domains.c.id == domain_id).scalar_subquery()
    account = await authorize(session, principal, owner, Permission.DOMAINS_WRITE)
    selector, ascii_name = await _locked(session, account, domain_id)
    row = {"master_id": account.master_id, "domain_id": domain_id}
    await session.send_built(
        update(domain_keys)
        .where(domain_keys.c.master_id == account.master_id, domain_keys.c.domain_id == domain_id)
        .values(
            next_selector=key.selector,
            next_public_key=key.public_key,
            next_private_key=keyring.seal(NEXT_PRIVATE_KEY.place(row), key.private_key),
        )
    )
    expected = next_key_record(ascii_name, PublishedKey(key.selector, key.public_key))
    await put_record(session, account.master_id, domain_id, expected)
    await have_checked(session, principal, account, domain_id)
    await record(
        session,
        principal,
        account,
        EventType.DOMAIN_KEY_ADDED,
        present(Kind.DOMAIN, domain_id),
        {"selector": selector},
        {"selector": key.selector, "name": ascii_name},
    )


async def _locked(session: WriteSession, account: Authorized, domain_id: DomainId) -> tuple[str, str]:
    """The selector of the key that is used, and the domain's name in ASCII."""
    key = domain_keys.c
    statement = (
        select(domains.c.kind, domains.c.ascii_name, key.selector)
        .select_from(domains.outerjoin(domain_keys, in_tree(domain_keys, domains, domain_id="id")))
        .where(domains.c.master_id == account.master_id, domains.c.id == domain_id)
        .with_for_update(of=domains)
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("domainId")
    if row.kind != DomainKind.SENDING.value:
        message = "A tracking domain has no key: nothing is signed with it."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "domainId")
    return row.selector, row.ascii_name


def found_next_key(found: Sequence[FoundRecord]) -> Sequence[FoundRecord] | None:
    """What a check found, with the new key's record in place of the old one's. None: no key waits, or its
    record is not there yet."""
    new = next((each for each in found if each.expected.purpose is DomainRecordPurpose.DKIM_NEXT), None)
    if new is None or not new.is_ok:
        return None
    taken = replace(new, expected=replace(new.expected, purpose=DomainRecordPurpose.DKIM))
    return [
        taken if each.expected.purpose is DomainRecordPurpose.DKIM else each
        for each in found
        if each is not new
    ]


async def take_next_key(
    session: WriteSession, master_id: MasterId, domain_id: uuid.UUID, keyring_source: KeyringSource
) -> tuple[str, str]:
    """Sign with the key that waits from now on, and delete the old one. Its domain is locked. The selectors
    of both, the old one first."""
    this = (domain_keys.c.master_id == master_id) & (domain_keys.c.domain_id == domain_id)
    row = (await session.execute(select(domain_keys).where(this))).one()
    place, keyring = {"master_id": master_id, "domain_id": domain_id}, keyring_source()
    private_key = keyring.open(NEXT_PRIVATE_KEY.place(place), row.next_private_key)
    await session.send_built(
        update(domain_keys)
        .where(this)
        .values(
            selector=row.next_selector,
            public_key=row.next_public_key,
            private_key=keyring.seal(PRIVATE_KEY.place(place), private_key),
            next_selector=None,
            next_public_key=None,
            next_private_key=None,
        )
    )
    waiting = domain_records.c
    await session.send_built(
        delete(domain_records).where(
            waiting.master_id == master_id,
            waiting.domain_id == domain_id,
            waiting.purpose == DomainRecordPurpose.DKIM_NEXT.value,
        )
    )
    return row.selector, row.next_selector
