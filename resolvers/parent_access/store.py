"""The rows of an account's parent access and of requests about it: read, written and logged."""

import datetime
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, exists, func, select, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize_all
from authz.guards.parent_link import Link, Side, let_pass
from authz.offers.link_requests import request_stands
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from authz.reach.grants import membership_holds
from engine.writes.sessions import WriteSession
from models.accounts.tables import ParentAccess, accounts
from models.accounts.trees import columns_of, in_account, this_account
from models.base.ids import AccountId, ApiKeyId, Kind, UserId, present
from models.members.tables import memberships
from models.parent_access.requests import parent_access_requests
from resolvers.effects.account_versions import raise_version
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record
from resolvers.parent_access.opening_store import end_openings
from resolvers.rows.stored import stored

VALID_FOR = datetime.timedelta(days=14)


@dataclass(frozen=True)
class LockedLink:
    """A link in its locked tree. The principal may read `account`."""

    account: Authorized
    link: Link
    version: int


@dataclass(frozen=True)
class Request:
    """A request that waits for the other side."""

    mode: ParentAccess
    reason: str
    asked_by: Side
    asker_user_id: UserId | None
    asker_api_key_id: ApiKeyId | None
    stands: bool = True
    """Whether it can be accepted now, as far as the requester's rights matter."""


async def locked_link(session: WriteSession, principal: Principal, account_id: AccountId) -> LockedLink:
    """The account's link, for callers who may read the account, in any status. Raises FAILED_PRECONDITION for
    a master account."""
    (account,) = await authorize_all(
        session, principal, [account_id], Permission.ACCOUNT_READ, WriteKind.TAKES_AWAY
    )
    columns = accounts.c.parent_id, accounts.c.parent_access, accounts.c.version
    this = this_account(accounts, account)
    row = (await session.execute(select(*columns).where(this))).one()
    if row.parent_id is None:
        message = "A master account has no account above it."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    mode = ParentAccess(row.parent_access)
    return LockedLink(account, Link(account.master_id, account.account_id, row.parent_id, mode), row.version)


async def check_owner(session: WriteSession, link: Link, mode: ParentAccess) -> None:
    """Raise FAILED_PRECONDITION where nobody in the account could let the parent in again."""
    if mode is ParentAccess.FULL:
        return
    owner = exists().where(
        in_account(memberships, link), memberships.c.role_id == BuiltinRole.OWNER.id, membership_holds()
    )
    if not (await session.execute(select(owner))).scalar_one():
        message = "The account has no owner who could let the parent in again."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "parentAccess")


async def waiting_request(session: WriteSession, link: Link) -> Request | None:
    """The request that waits for an answer, by the database's clock."""
    statement = select(parent_access_requests, request_stands(parent_access_requests).label("stands")).where(
        _of(link), parent_access_requests.c.expires_at > func.now()
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    asked_by = Side.ABOVE if row.from_above else Side.OWN
    mode = ParentAccess(row.parent_access)
    asker = row.asker_user_id, row.asker_api_key_id
    return Request(mode, row.reason, asked_by, *asker, row.stands)


async def store_request(
    session: WriteSession, principal: Principal, account: Authorized, link: Link, request: Request
) -> None:
    """Store the request, in place of one that waits."""
    values: dict[str, Any] = {
        "parent_access": request.mode.value,
        "reason": request.reason,
        "from_above": request.asked_by is Side.ABOVE,
        "asker_user_id": request.asker_user_id,
        "asker_api_key_id": request.asker_api_key_id,
        "requested_at": func.now(),
        "expires_at": func.now() + VALID_FOR,
    }
    await session.send_built(stored(parent_access_requests, columns_of(link), values))
    await raise_version(session, account)
    asked: Change = {"parent_access": request.mode.value}
    await _log(session, principal, account, EventType.PARENT_ACCESS_REQUESTED, link, asked, request.reason)


async def drop_request(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    link: Link,
    request: Request,
    *,
    withdrawn: bool,
) -> None:
    """Delete the waiting request: `withdrawn` by the side that made it, or declined by the other one."""
    await session.send_built(delete(parent_access_requests).where(_of(link)))
    await raise_version(session, account)
    kind = EventType.PARENT_ACCESS_WITHDRAWN if withdrawn else EventType.PARENT_ACCESS_DECLINED
    await _log(session, principal, account, kind, link, {"parent_access": request.mode.value}, None)


async def set_mode(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    link: Link,
    mode: ParentAccess,
    reason: str,
) -> None:
    """Change the link from the next request on. A waiting request and break-glass openings end, because they
    were about the old link."""
    await check_owner(session, link, mode)
    await session.send_built(
        update(accounts)
        .where(this_account(accounts, link))
        .values(parent_access=mode.value, version=accounts.c.version + 1)
    )
    await let_pass(session, link, mode)
    await session.send_built(delete(parent_access_requests).where(_of(link)))
    await _log(
        session,
        principal,
        account,
        EventType.PARENT_ACCESS_UPDATED,
        link,
        {"parent_access": mode.value},
        reason,
    )
    await end_openings(session, principal, account)


def speaking_for(account: Authorized, side: Side, above_from: AccountId | None) -> Authorized:
    """The account as acted in from above, or by itself (R54)."""
    acting_from = above_from if side is Side.ABOVE else None
    return replace(account, acting_from=acting_from or account.account_id)


def _of(link: Link) -> Any:
    return in_account(parent_access_requests, link)


async def _log(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    kind: EventType,
    link: Link,
    after: Change,
    reason: str | None,
) -> None:
    subject_id = present(Kind.ACCOUNT, link.account_id)
    before: Change = {"parent_access": link.mode.value}
    await record(session, principal, account, kind, subject_id, before, after, reason)
