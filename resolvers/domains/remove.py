"""Removing domains. Whoever proves the ownership of one then may have it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_account, row_of
from models.base.ids import AccountId, DomainId, Kind, present
from models.domains.tables import DomainKind, domain_keys, domain_records, domains
from models.single_sign_on.tables import SingleSignOnEnforcement, single_sign_ons
from resolvers.domains.claims import release
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_each


async def remove_domain(session: WriteSession, principal: Principal, domain_id: DomainId) -> AccountId:
    """Remove the domain and its key, in any status of the account. Returns the account. Needs DOMAINS_WRITE.

    Raises FAILED_PRECONDITION for a tracking domain that was verified: links in mail that was sent lead
    through it (R82). The same for a sign-in domain while single sign-on is required.
    """
    owner = select(domains.c.account_id).where(domains.c.id == domain_id).scalar_subquery()
    account = await authorize(session, principal, owner, Permission.DOMAINS_WRITE, WriteKind.TAKES_AWAY)
    rows = await _locked(session, row_of(domains, account, domain_id))
    if not rows:
        raise NotFound("domainId")
    if any(row.kind == DomainKind.TRACKING.value and row.verified_at is not None for row in rows):
        message = "Links in mail that was sent lead through it. It stays as long as the account is open."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "domainId")
    if rows[0].kind == DomainKind.SIGN_IN.value and await _is_required(session, account):
        message = "Single sign-on is required for people of this domain. Make it optional first."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "domainId")
    await _remove(session, principal, account, rows)
    return account.account_id


async def remove_domains(session: WriteSession, principal: Principal, account: Authorized) -> int:
    """Remove all domains of a locked account that closes, its tracking domain too. Returns how many."""
    rows = await _locked(session, in_account(domains, account))
    await _remove(session, principal, account, rows)
    return len(rows)


async def _is_required(session: WriteSession, account: Authorized) -> bool:
    """Only owners decide that people may use passwords again."""
    required = single_sign_ons.c.enforcement == SingleSignOnEnforcement.REQUIRED.value
    found = select(single_sign_ons.c.issuer).where(in_account(single_sign_ons, account), required)
    return (await session.execute(found)).one_or_none() is not None


async def _locked(session: WriteSession, these: ColumnElement[bool]) -> Sequence[Row[*tuple[Any, ...]]]:
    return (
        await session.execute(select(domains).where(these).order_by(domains.c.id).with_for_update())
    ).all()


async def _remove(
    session: WriteSession, principal: Principal, account: Authorized, rows: Sequence[Row[*tuple[Any, ...]]]
) -> None:
    if not rows:
        return
    ids = [row.id for row in rows]
    for table, column in ((domain_records, "domain_id"), (domain_keys, "domain_id"), (domains, "id")):
        these = (table.c.master_id == account.master_id) & table.c[column].in_(ids)
        await session.send_built(delete(table).where(these))
    await release(session, [row.claim_id for row in rows if row.claim_id is not None])
    befores: dict[str, Change] = {
        present(Kind.DOMAIN, row.id): {"kind": row.kind, "name": row.ascii_name, "status": row.status}
        for row in rows
    }
    await record_of_each(session, principal, account, EventType.DOMAIN_REMOVED, befores)
