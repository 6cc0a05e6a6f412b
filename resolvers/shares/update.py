"""Changing and revoking shares (R25)."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize_all
from authz.guards.share_scope import ShareScope, check_giver
from authz.policy.permissions import Area, Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode, VersionConflict
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, ShareId
from models.shares.tables import shares
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change
from resolvers.inputs.moments import check_future, ends_no_later, moved_end
from resolvers.inputs.unchanged import UNCHANGED, Unchanged, new_value
from resolvers.invitations.invite import refuse_members
from resolvers.shares.create import ShareMade, WantedScope, check_count, giver_columns, wanted_scope
from resolvers.shares.store import (
    ShareRow,
    add_accounts,
    described,
    drop_accounts,
    log_share,
    opened_by,
    refuse_shared,
    scope_columns,
    scope_of,
    share_row,
    write_share,
)


@dataclass(frozen=True)
class ShareUpdate:
    """The new values. A role replaces areas, and areas replace a role. No `expires_at`: it never ends."""

    share_id: ShareId
    expected_version: int
    account_ids: Sequence[AccountId] | Unchanged = UNCHANGED
    role_id: uuid.UUID | Unchanged | None = UNCHANGED
    areas: frozenset[Area] | Unchanged | None = UNCHANGED
    hidden_areas: frozenset[Area] | Unchanged = UNCHANGED
    expires_at: datetime.datetime | Unchanged | None = UNCHANGED


async def update_share(session: WriteSession, principal: Principal, command: ShareUpdate) -> ShareMade:
    """Change what a share opens, from the next request on (R25).

    Needs what `create_share` needs, for what it gives now and for what it shall give. The caller becomes its
    giver. An update that only narrows the share is allowed in any status of its accounts. Raises
    VersionConflict, SHARE_REVOKED and what `create_share` raises.
    """
    if command.account_ids is not UNCHANGED:
        check_count(command.account_ids)
    until = moved_end(shares.c.expires_at, command.expires_at)
    managed = await _manageable(session, principal, command.share_id, until, command.account_ids)
    row = managed.row
    if row.revoked_at is not None:
        raise Refusal(RefusalCode.SHARE_REVOKED, field="shareId")
    if row.version != command.expected_version:
        raise VersionConflict(row.version)
    wanted = _new_scope(row, managed.scope, command)
    scope = await wanted_scope(session, managed.wanted, wanted)
    expires_at = new_value(command.expires_at, row.expires_at)
    narrowed = not scope.mask & ~managed.scope.mask and ends_no_later(expires_at, row.expires_at)
    for account in managed.added if narrowed else managed.wanted:
        account.check_changeable()
    check_giver(managed.wanted, scope, wanted.field)
    if isinstance(command.expires_at, datetime.datetime):
        check_future(command.expires_at, "expiresAt")
    await refuse_members(session, principal, managed.added, row.email_canonical, "accountIds")
    # This includes the accounts that stay: an expired share that is prolonged may have a successor.
    await refuse_shared(session, principal, managed.wanted, row.email_canonical, command.share_id)
    values = {**scope_columns(scope), **giver_columns(principal), "expires_at": expires_at}
    same = all(row._mapping[name] == value for name, value in values.items())
    if same and not (managed.added or managed.removed):
        return ShareMade(command.share_id)
    await drop_accounts(session, row, managed.removed)
    await add_accounts(session, command.share_id, managed.added)
    await write_share(session, row, values)
    # What the role gave may be more than its areas, and yet a promise may let the role alone through.
    narrows = narrowed and row.role_id == values["role_id"]
    await _log_update(session, principal, managed, scope, expires_at, narrows=narrows)
    return ShareMade(command.share_id)


async def revoke_share(session: WriteSession, principal: Principal, share_id: ShareId) -> ShareMade:
    """End a share from the next request on. Needs what giving it needs, in each of its accounts."""
    managed = await _manageable(session, principal, share_id, shares.c.expires_at)
    row = managed.row
    if row.revoked_at is None:
        await write_share(session, row, {"revoked_at": func.now()})
        before = described(row.email, managed.scope, row.expires_at)
        await log_share(session, principal, managed.opened, EventType.SHARE_REVOKED, share_id, before, None)
    return ShareMade(share_id)


@dataclass(frozen=True)
class _Managed:
    """A share that the principal may change, in its locked tree."""

    row: ShareRow
    scope: ShareScope
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
    account_ids: Sequence[AccountId] | Unchanged = (),
) -> _Managed:
    """The share in its locked tree. `until`: when what is given or taken ends, by the share's columns.
    `account_ids`: what it shall open. Raises what `authorize_all` and `check_giver` raise: only callers who
    could give it may change it."""
    end = select(until).where(shares.c.id == share_id).scalar_subquery()
    permission, write_kind = Permission.MEMBERS_WRITE, WriteKind.TAKES_AWAY
    ids: list[AccountId] | None = None
    found = await opened_by(session, share_id)
    # Behind the lock of the tree the share opens these accounts and no others.
    while ids != found:
        # An unknown share is looked up like an unknown account, and the share's own accounts come first, so
        # that the answer takes the same time (N20).
        ids = found
        own, new = ids or [AccountId(share_id)], new_value(account_ids, ids)
        fields = {each: "accountIds" for each in new if each not in own}
        locked = await authorize_all(
            session, principal, [*own, *new], permission, write_kind, until=end, fields=fields
        )
        found = await opened_by(session, share_id)
    if not found:
        raise NotFound
    row = await share_row(session, locked[0], share_id)
    opened = [account for account in locked if account.account_id in found]
    scope = await scope_of(session, row)
    check_giver(opened, scope, "shareId")
    wanted = new_value(account_ids, found)
    return _Managed(row, scope, opened, [account for account in locked if account.account_id in wanted])


def _new_scope(row: ShareRow, current: ShareScope, command: ShareUpdate) -> WantedScope:
    """A given role replaces areas, and given areas replace a role."""
    role_id = new_value(command.role_id, row.role_id)
    areas = new_value(command.areas, current.areas)
    if command.role_id is UNCHANGED and isinstance(command.areas, frozenset):
        role_id = None
    if command.areas is UNCHANGED and isinstance(command.role_id, uuid.UUID):
        areas = None
    if role_id is None and areas is None:
        field = "areas" if command.areas is None else "roleId"
        raise Refusal(RefusalCode.BAD_USER_INPUT, "A share gives a role or areas.", field)
    return WantedScope(role_id, areas, new_value(command.hidden_areas, current.hidden))


async def _log_update(
    session: WriteSession,
    principal: Principal,
    managed: _Managed,
    scope: ShareScope,
    expires_at: datetime.datetime | None,
    *,
    narrows: bool,
) -> None:
    row, share_id = managed.row, ShareId(managed.row.id)
    old = described(row.email, managed.scope, row.expires_at)
    new = described(row.email, scope, expires_at)
    changed = managed.kept if old != new else []
    told: dict[EventType, tuple[Sequence[Authorized], Change | None, Change | None]] = {
        EventType.SHARE_REVOKED: (managed.removed, old, None),
        EventType.SHARE_UPDATED: (changed, old, new),
        EventType.SHARE_CREATED: (managed.added, None, new),
    }
    for kind, (accounts, *values) in told.items():
        only = narrows and kind is EventType.SHARE_UPDATED
        await log_share(session, principal, accounts, kind, share_id, *values, narrows=only)
