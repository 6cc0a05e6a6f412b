"""What changes and revokes shares (R25)."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from authz.ends import end_at, latest
from authz.guard import Authorized, authorize_all
from authz.permissions import Permission
from authz.principals import Principal
from authz.refusals import NotFound, Refusal, RefusalCode, VersionConflict
from authz.sharing import Scope, check_giver
from engine.write_sessions import WriteSession
from models.identifiers import AccountId, ShareId
from models.shares import shares
from resolvers.events import EventKind
from resolvers.moments import check_future
from resolvers.share_changes import (
    ShareMade,
    WantedScope,
    check_count,
    giver_columns,
    refuse_members,
    wanted_scope,
)
from resolvers.share_rows import (
    ShareRow,
    add_accounts,
    described,
    drop_accounts,
    log_share,
    opened_by,
    refuse_shared,
    scope_of,
    share_row,
    stored,
    write_share,
)


@dataclass(frozen=True)
class ShareUpdate:
    """The whole new state of a share."""

    share_id: ShareId
    expected_version: int
    account_ids: Sequence[AccountId]
    scope: WantedScope
    expires_at: datetime.datetime | None


async def update_share(session: WriteSession, principal: Principal, command: ShareUpdate) -> ShareMade:
    """Change what a share opens, from the next request on (R25).

    Needs what `create_share` needs, for what it gives now and for what it shall give; who changed it last is
    its giver from then on. Raises VersionConflict, SHARE_REVOKED and what `create_share` raises.
    """
    check_count(command.account_ids)
    until = latest(shares.c.expires_at, end_at(command.expires_at))
    managed = await _manageable(session, principal, command.share_id, until, command.account_ids)
    row = managed.row
    if row.revoked_at is not None:
        raise Refusal(RefusalCode.SHARE_REVOKED, field="shareId")
    if row.version != command.expected_version:
        raise VersionConflict(row.version)
    scope = await wanted_scope(session, managed.wanted, command.scope)
    check_giver(managed.wanted, scope, command.scope.field)
    if command.expires_at is not None:
        check_future(command.expires_at, "expiresAt")
    await refuse_members(session, managed.added, row.email_canonical)
    # Also of the accounts that stay: an expired share that is prolonged may have a successor.
    await refuse_shared(session, managed.wanted, row.email_canonical, command.share_id)
    await drop_accounts(session, row, managed.removed)
    await add_accounts(session, command.share_id, managed.added)
    values = {**stored(scope), **giver_columns(principal), "expires_at": command.expires_at}
    await write_share(session, row, values)
    await _log_update(session, principal, managed, scope, command.expires_at)
    return ShareMade(command.share_id)


async def revoke_share(session: WriteSession, principal: Principal, share_id: ShareId) -> ShareMade:
    """End a share, from the next request on. Needs what giving it needs, in each of its accounts."""
    managed = await _manageable(session, principal, share_id, shares.c.expires_at)
    row = managed.row
    if row.revoked_at is None:
        await write_share(session, row, {"revoked_at": func.now()})
        before = described(row.email, managed.scope, row.expires_at)
        await log_share(session, principal, managed.opened, EventKind.SHARE_REVOKED, share_id, before, None)
    return ShareMade(share_id)


@dataclass(frozen=True)
class _Managed:
    """A share that the principal may change, in its locked tree."""

    row: ShareRow
    scope: Scope
    opened: Sequence[Authorized]
    wanted: Sequence[Authorized]

    @property
    def added(self) -> list[Authorized]:
        return [account for account in self.wanted if account not in self.opened]

    @property
    def kept(self) -> list[Authorized]:
        return [account for account in self.wanted if account in self.opened]

    @property
    def removed(self) -> list[Authorized]:
        return [account for account in self.opened if account not in self.wanted]


async def _manageable(
    session: WriteSession,
    principal: Principal,
    share_id: ShareId,
    until: ColumnElement[datetime.datetime],
    wanted: Sequence[AccountId] = (),
) -> _Managed:
    """`until`: when what is given or taken ends, by the share's columns. Raises what `authorize_all` and
    `check_giver` raise: whoever could not give it does not change it."""
    # What is no share is looked for like an account that is not there, and the share's own accounts are asked
    # for first: the answer costs the same (N20).
    found = await opened_by(session, share_id)
    ids = found or [AccountId(share_id)]
    closing = [id_ for id_ in ids if id_ not in wanted]
    both = [*(id_ for id_ in ids if id_ in wanted), *wanted]
    end = select(until).where(shares.c.id == share_id).scalar_subquery()
    permission = Permission.MEMBERS_WRITE
    locked = await authorize_all(session, principal, both, permission, closing, until=end)
    if not found:
        raise NotFound
    if await opened_by(session, share_id) != found:
        raise Refusal(RefusalCode.CONFLICT)
    row = await share_row(session, locked[0], share_id)
    opened = [account for account in locked if account.account_id in ids]
    scope = await scope_of(session, row)
    check_giver(opened, scope, "shareId")
    return _Managed(row, scope, opened, [account for account in locked if account.account_id in wanted])


async def _log_update(
    session: WriteSession,
    principal: Principal,
    managed: _Managed,
    scope: Scope,
    expires_at: datetime.datetime | None,
) -> None:
    row, share_id = managed.row, ShareId(managed.row.id)
    old = described(row.email, managed.scope, row.expires_at)
    new = described(row.email, scope, expires_at)
    for accounts, kind, before, after in (
        (managed.removed, EventKind.SHARE_REVOKED, old, None),
        (managed.kept if old != new else [], EventKind.SHARE_UPDATED, old, new),
        (managed.added, EventKind.SHARE_CREATED, None, new),
    ):
        await log_share(session, principal, accounts, kind, share_id, before, after)
