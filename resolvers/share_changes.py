"""What gives, changes and revokes shares (R25, R30-R34)."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import any_, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from authz.delegation import role_in
from authz.guard import Authorized, authorize_all
from authz.permissions import Area, Permission
from authz.principals import Principal
from authz.reach import membership_holds
from authz.refusals import NotFound, Refusal, RefusalCode
from authz.sharing import Scope, check_giver, check_scope
from authz.tokens import TokenKind, digest_of, generate
from models.identifiers import AccountId, ShareId, new_id
from models.members import memberships
from models.shares import shares
from models.users import users
from resolvers.account_changes import VersionConflict
from resolvers.emails import EmailAddress, email_address
from resolvers.events import Change, EventKind
from resolvers.idempotency import IdempotentRequest, earlier_outcome, remember
from resolvers.moments import check_future
from resolvers.share_mail import queue_share
from resolvers.share_rows import (
    add_accounts,
    described,
    drop_accounts,
    ids_of,
    log_share,
    opened_by,
    refuse_shared,
    share_row,
    stored,
    withdraw_waiting,
    write_share,
)

VALID_FOR = datetime.timedelta(days=7)
MOST_ACCOUNTS = 100


@dataclass(frozen=True)
class WantedScope:
    """What a share shall give: a role or areas, without what is hidden."""

    role_id: uuid.UUID | None
    areas: frozenset[Area] | None
    hidden_areas: frozenset[Area]


@dataclass(frozen=True)
class ShareCreation:
    """A new share. `link` is the page that accepts it; the secret is put behind its `#`."""

    account_ids: Sequence[AccountId]
    email: str
    scope: WantedScope
    expires_at: datetime.datetime | None
    idempotency_key: str
    link: str


@dataclass(frozen=True)
class ShareUpdate:
    """The whole new state of a share."""

    share_id: ShareId
    expected_version: int
    account_ids: Sequence[AccountId]
    scope: WantedScope
    expires_at: datetime.datetime | None


@dataclass(frozen=True)
class ShareMade:
    """The share; `replayed`: it was made by an earlier request under the same key."""

    share_id: ShareId
    replayed: bool = False


async def create_share(session: AsyncSession, principal: Principal, command: ShareCreation) -> ShareMade:
    """Open accounts to an e-mail address; nothing is open before the link is accepted (R33).

    Needs MEMBERS_WRITE, and all that the share gives, in each account by oneself, not by a share. An earlier
    share of one of them that waits for the same address is withdrawn. Raises ALREADY_SHARED, ALREADY_MEMBER,
    REACHED_BY_SHARE, ROLE_TOO_WIDE, BAD_USER_INPUT, IDEMPOTENCY_MISMATCH.
    """
    _check_count(command.account_ids)
    opened = await authorize_all(session, principal, command.account_ids, Permission.MEMBERS_WRITE)
    email = email_address(command.email)
    request = _request(command, email)
    earlier = await earlier_outcome(session, principal, opened[0], request)
    if earlier is not None:
        return ShareMade(ShareId(uuid.UUID(earlier["share"])), replayed=True)
    scope = await _scope(session, opened, command.scope)
    await check_giver(session, principal, opened, scope)
    if command.expires_at is not None:
        check_future(command.expires_at, "expiresAt")
    await _refuse_members(session, opened, email)
    await withdraw_waiting(session, opened, email.canonical)
    await refuse_shared(session, opened, email.canonical)
    share_id = await _add(session, principal, opened, email, command, scope)
    await remember(session, principal, opened[0], request, {"share": str(share_id)})
    return ShareMade(share_id)


async def update_share(session: AsyncSession, principal: Principal, command: ShareUpdate) -> ShareMade:
    """Change what a share opens, from the next request on (R25).

    Needs MEMBERS_WRITE in each account that it opens or shall open, and all that it shall give there. Raises
    VersionConflict, SHARE_REVOKED and what `create_share` raises.
    """
    _check_count(command.account_ids)
    ids_before = await opened_by(session, command.share_id)
    if not ids_before:
        raise NotFound
    both = [*ids_before, *command.account_ids]
    locked = await authorize_all(session, principal, both, Permission.MEMBERS_WRITE)
    row = await share_row(session, locked[0], command.share_id)
    if row.revoked_at is not None:
        raise Refusal(RefusalCode.SHARE_REVOKED, field="shareId")
    if row.version != command.expected_version:
        raise VersionConflict(row.version)
    after = [account for account in locked if account.account_id in command.account_ids]
    scope = await _scope(session, after, command.scope)
    await check_giver(session, principal, after, scope)
    if command.expires_at is not None:
        check_future(command.expires_at, "expiresAt")
    added = [account for account in after if account.account_id not in ids_before]
    removed = [account for account in locked if account not in after]
    await refuse_shared(session, added, row.email_canonical)
    await drop_accounts(session, row, removed)
    await add_accounts(session, command.share_id, added)
    await write_share(session, row, {**stored(scope), "expires_at": command.expires_at})
    old = described(row.email, row.role_id, row.areas, row.hidden_areas)
    new = _described(row.email, scope)
    kept = [account for account in after if account not in added]
    for accounts, kind, change in (
        (removed, EventKind.SHARE_REVOKED, (old, None)),
        (kept, EventKind.SHARE_UPDATED, (old, new)),
        (added, EventKind.SHARE_CREATED, (None, new)),
    ):
        await log_share(session, principal, accounts, kind, command.share_id, *change)
    return ShareMade(command.share_id)


async def revoke_share(session: AsyncSession, principal: Principal, share_id: ShareId) -> ShareMade:
    """End a share, from the next request on. Needs MEMBERS_WRITE in each of its accounts."""
    account_ids = await opened_by(session, share_id)
    if not account_ids:
        raise NotFound
    opened = await authorize_all(session, principal, account_ids, Permission.MEMBERS_WRITE)
    row = await share_row(session, opened[0], share_id)
    if row.revoked_at is None:
        await write_share(session, row, {"revoked_at": func.now()})
        kind, before = EventKind.SHARE_REVOKED, {"email": row.email}
        await log_share(session, principal, opened, kind, share_id, dict(before), None)
    return ShareMade(share_id)


async def _scope(session: AsyncSession, opened: Sequence[Authorized], wanted: WantedScope) -> Scope:
    if (wanted.role_id is None) == (wanted.areas is None):
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Give a role or areas, one of them.", "roleId")
    role = None
    if wanted.role_id is not None:
        (role, *_) = [await role_in(session, account, wanted.role_id) for account in opened]
    scope = Scope(role, wanted.areas, wanted.hidden_areas)
    check_scope(scope)
    return scope


async def _add(
    session: AsyncSession,
    principal: Principal,
    opened: Sequence[Authorized],
    email: EmailAddress,
    command: ShareCreation,
    scope: Scope,
) -> ShareId:
    share_id, token = ShareId(new_id()), generate(TokenKind.SHARE)
    await session.execute(
        insert(shares).values(
            master_id=opened[0].master_id,
            id=share_id,
            email=email.original,
            email_canonical=email.canonical,
            digest=digest_of(token),
            giver_user_id=principal.user_id,
            giver_api_key_id=principal.api_key_id,
            link_expires_at=func.now() + VALID_FOR,
            expires_at=command.expires_at,
            **stored(scope),
        )
    )
    await add_accounts(session, share_id, opened)
    await queue_share(session, principal, opened, email.original, f"{command.link}#{token}")
    after = _described(email.original, scope)
    await log_share(session, principal, opened, EventKind.SHARE_CREATED, share_id, None, after)
    return share_id


async def _refuse_members(session: AsyncSession, opened: Sequence[Authorized], email: EmailAddress) -> None:
    member = (
        select(memberships.c.id)
        .join(users, users.c.id == memberships.c.user_id)
        .where(
            memberships.c.master_id == opened[0].master_id,
            memberships.c.account_id == any_(ids_of(opened)),
            users.c.email_canonical == email.canonical,
            membership_holds(),
        )
        .limit(1)
    )
    if (await session.execute(member)).one_or_none() is not None:
        raise Refusal(RefusalCode.ALREADY_MEMBER, field="email")


def _described(email: str, scope: Scope) -> Change:
    columns = stored(scope)
    return described(email, columns["role_id"], columns["areas"], columns["hidden_areas"])


def _check_count(account_ids: Sequence[AccountId]) -> None:
    if not 1 <= len(set(account_ids)) <= MOST_ACCOUNTS:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Name 1 to {MOST_ACCOUNTS} accounts.", "accountIds")


def _request(command: ShareCreation, email: EmailAddress) -> IdempotentRequest:
    scope = command.scope
    content = (
        sorted(set(command.account_ids)),
        email.canonical,
        scope.role_id,
        None if scope.areas is None else sorted(area.value for area in scope.areas),
        sorted(area.value for area in scope.hidden_areas),
        command.expires_at,
    )
    return IdempotentRequest("shareCreate", command.idempotency_key, content)
