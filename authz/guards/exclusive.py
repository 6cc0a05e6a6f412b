"""The guard of writes that change an account: it locks the account for update.

`authorize` locks the path from the root down to the account and reads the caller's rights behind the lock, in
one trip (see `authz.guards.door`). So it sees what was revoked or suspended before the lock, and a later
revocation waits until the write ends.

A permission of GIVES_ACCESS gives or takes access. Its use needs a right that holds at least until the end of
what is given or taken: so nothing outlives a share, break-glass, a membership or a key that ends.
"""

import datetime
import enum
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select

from authz.callers.principals import Principal
from authz.guards.account_row import AccountRow, account_row
from authz.guards.acting_grants import is_only_shared, opened_because
from authz.guards.door import Hold, Passed, forget_turn, pass_door, take_known_turn, take_turn
from authz.policy.permissions import GIVES_ACCESS, READ_PERMISSIONS, Permission
from authz.policy.refusals import NotFound, PermissionDenied, Refusal, RefusalCode
from authz.wall.freshness import enter_to_find
from engine.database.write_connection import FixedRow
from engine.writes.sessions import WriteSession
from models.accounts.tables import AccountStatus
from models.base.ids import AccountId, AccountKey, MasterId

End = datetime.datetime | ColumnElement[datetime.datetime] | None
"""When what is given or taken ends; None: never. A scalar sub-select is read behind the lock."""


class WriteKind(enum.Enum):
    """What a write does. It decides which statuses of an account allow the write."""

    CHANGES = "It may give something, so the account and all above it have to be active."
    TAKES_AWAY = "It only takes access or spending away, which no status forbids."
    REPEATABLE = (
        "What it did under its idempotency key is answered again in any status. What is new is checked."
    )


@dataclass(frozen=True)
class Authorized:
    """A locked account in which the caller holds the permission."""

    master_id: MasterId
    account_id: AccountId
    mask: int
    """What the caller holds in the account and may pass on to what ends at `until`: no rights that end before
    that, nor those of shares and break-glass (N19)."""
    below_mask: int
    """The same in the accounts below it."""
    acting_from: AccountId
    """The nearest account whose grant gave the permission (R54)."""
    opened_because: str | None = None
    """The reason of the break-glass, where that alone gave the permission."""
    refused_change: RefusalCode | None = None
    """Why the path's status allows only writes that take away. None: it allows changes."""

    is_unproved: bool = False
    """It costs, and the tree's owners have proved no e-mail address."""

    row: AccountRow | None = None
    """None: nobody's rights were read."""
    held: int = 0
    """All that the caller holds in the account, also by rights that end: what it may see there."""

    @property
    def stored(self) -> AccountRow:
        """The account's own row, as it was when the rights were read."""
        if self.row is None:
            raise AssertionError("the account was not read with somebody's rights")
        return self.row

    def check_changeable(self) -> None:
        """Check the status, for a write that was authorized without it and turns out to give something. The
        account is locked, so its status cannot change. Raises ACCOUNT_SUSPENDED and ACCOUNT_CLOSED, and
        ADDRESS_NOT_VERIFIED for what costs in a tree whose owners have proved no address."""
        if self.is_unproved:
            raise Refusal(RefusalCode.ADDRESS_NOT_VERIFIED)
        if self.refused_change is not None:
            raise Refusal(self.refused_change)


def without_rights(account: AccountKey, acting_from: AccountId | None = None) -> Authorized:
    """An account for the ledger and the log of what the platform does, without anybody's rights."""
    place = acting_from or account.account_id
    return Authorized(account.master_id, account.account_id, mask=0, below_mask=0, acting_from=place)


@dataclass(frozen=True)
class _Rights:
    authorized: Authorized
    held: int


async def authorize(
    session: WriteSession,
    principal: Principal,
    account_id: AccountId | ColumnElement[uuid.UUID],
    permission: Permission,
    write_kind: WriteKind = WriteKind.CHANGES,
    *,
    until: End = None,
) -> Authorized:
    """Lock the account for a change that needs the permission.

    `until`: the end of the right that the change gives or takes. `account_id` may be a scalar sub-select that
    finds the account of an object. If the object does not exist, the call takes as long and answers the same
    as for an object of another tree.

    Raises NotFound outside reach, and PermissionDenied inside it. Raises Refusal with ACCOUNT_SUSPENDED or
    ACCOUNT_CLOSED where the status of the path forbids the change. Raises it with REACHED_BY_SHARE or
    RIGHT_ENDS where the right that gives or takes access may end before.
    """
    wanted = await known_id(session, principal, account_id)
    return await authorize_holding(Hold.ACCOUNT, session, principal, wanted, permission, write_kind, until)


async def authorize_holding(
    hold: Hold,
    session: WriteSession,
    principal: Principal,
    account_id: AccountId | None,
    permission: Permission,
    write_kind: WriteKind,
    until: End = None,
) -> Authorized:
    """`authorize` with other locks. `account_id` None: `known_id` found nothing."""
    if not take_known_turn(session, principal, (account_id,)):
        before = await _check(session, principal, account_id, permission, write_kind, until)
        take_turn(session, principal, (before.account_id,), before.master_id)
    try:
        return await _check(session, principal, account_id, permission, write_kind, until, hold)
    except Refusal:
        forget_turn(session, principal, (account_id,))
        raise


async def authorize_all(
    session: WriteSession,
    principal: Principal,
    account_ids: Collection[AccountId],
    permission: Permission,
    write_kind: WriteKind = WriteKind.CHANGES,
    *,
    until: End = None,
    fields: Mapping[AccountId, str] | None = None,
) -> list[Authorized]:
    """`authorize` for one or more accounts of one tree, returned in the order of their ids. Locks the tree.

    `fields`: the field of the input that NotFound names for an account, where it is not the input's first id.
    Also raises BAD_USER_INPUT where the accounts belong to several trees.
    """
    wanted, named = list(dict.fromkeys(account_ids)), fields or {}

    async def check(hold: Hold) -> list[Authorized]:
        rights = await _rights(session, principal, wanted, permission, hold=hold)
        found = [_judge(rights.get(each), permission, write_kind, named.get(each)) for each in wanted]
        if len({account.master_id for account in found}) > 1:
            raise Refusal(RefusalCode.BAD_USER_INPUT, "The accounts must belong to one tree.", "accountIds")
        lasting = await _lasting(session, principal, rights, found, permission, until)
        return sorted(lasting, key=lambda account: account.account_id)

    if not take_known_turn(session, principal, wanted):
        before = await check(Hold.NOTHING)
        take_turn(session, principal, wanted, before[0].master_id)
    try:
        return await check(Hold.TREE)
    except Refusal:
        forget_turn(session, principal, wanted)
        raise


async def authorize_also(
    session: WriteSession,
    principal: Principal,
    account_id: AccountId | None,
    permission: Permission,
    write_kind: WriteKind = WriteKind.CHANGES,
    *,
    until: End = None,
) -> Authorized:
    """`authorize` for an account on a path that is locked already. Locks nothing. `account_id` None:
    `known_id` found nothing."""
    return await _check(session, principal, account_id, permission, write_kind, until)


async def reached_also(
    session: WriteSession, principal: Principal, account_ids: Sequence[AccountId], permission: Permission
) -> list[Authorized]:
    """Those of the accounts, of any trees and in any status, where the caller holds the permission. Locks
    nothing."""
    rights = await _rights(session, principal, account_ids, permission)
    return [each.authorized for each in rights.values() if each.held & permission.bit]


async def judge_pair(
    session: WriteSession,
    principal: Principal,
    pair: tuple[AccountId, AccountId],
    permission: Permission,
    write_kind: WriteKind,
    hold: Hold,
) -> tuple[bool, Authorized | Refusal, Authorized | Refusal]:
    """For two accounts in one trip: whether they are locked, and each as `authorize` returns it, or the
    refusal."""
    passed = await pass_door(session, principal, pair, permission, hold)
    rights = await _rights_in_each(session, principal, passed, permission)
    first, second = (_verdict(rights.get(each), permission, write_kind) for each in pair)
    return passed.held, first, second


def _verdict(rights: _Rights | None, permission: Permission, write_kind: WriteKind) -> Authorized | Refusal:
    try:
        return _judge(rights, permission, write_kind)
    except Refusal as refusal:
        return refusal


async def known_id(
    session: WriteSession, principal: Principal, account_id: AccountId | ColumnElement[uuid.UUID]
) -> AccountId | None:
    """The id, or what the scalar sub-select finds."""
    if not isinstance(account_id, ColumnElement):
        return account_id
    if session.opens_itself():
        first = await enter_to_find(session, principal.credentials, account_id)
        return None if first is None else AccountId(first)
    found = (await session.execute(select(account_id))).scalar_one()
    return None if found is None else AccountId(found)


async def _check(
    session: WriteSession,
    principal: Principal,
    account_id: AccountId | None,
    permission: Permission,
    write_kind: WriteKind,
    until: End,
    hold: Hold = Hold.NOTHING,
) -> Authorized:
    rights = await _rights(session, principal, (account_id,), permission, hold=hold)
    # An unknown id was looked up as well, so it takes as long as a foreign one.
    found = _judge(None if account_id is None else rights.get(account_id), permission, write_kind)
    (lasting,) = await _lasting(session, principal, rights, [found], permission, until)
    return lasting


async def _lasting(
    session: WriteSession,
    principal: Principal,
    rights: Mapping[AccountId, _Rights],
    found: Sequence[Authorized],
    permission: Permission,
    until: End,
) -> Sequence[Authorized]:
    """The same accounts with what the caller may pass on to what ends at `until`. Reads rights again only for
    accounts where the caller holds rights that end."""
    if permission not in GIVES_ACCESS:
        return found
    ending = [each.account_id for each in found if rights[each.account_id].held & ~each.mask]
    end = await _known_end(session, until) if ending else None
    if end is not None:
        anew = await _rights(session, principal, ending, permission, end)
        found = [anew[each.account_id].authorized if each.account_id in anew else each for each in found]
    for each in found:
        if not each.mask & permission.bit:
            shared = await is_only_shared(session, each.account_id, permission, principal)
            raise Refusal(RefusalCode.REACHED_BY_SHARE if shared else RefusalCode.RIGHT_ENDS)
    return found


async def _known_end(session: WriteSession, until: End) -> datetime.datetime | None:
    if not isinstance(until, ColumnElement):
        return until
    found: datetime.datetime | None = (await session.execute(select(until))).scalar_one()
    return found


def _judge(
    rights: _Rights | None,
    permission: Permission,
    write_kind: WriteKind = WriteKind.CHANGES,
    field: str | None = None,
) -> Authorized:
    if rights is None:
        raise NotFound(field)
    if not rights.held & permission.bit:
        raise PermissionDenied(permission)
    if write_kind is WriteKind.CHANGES:
        rights.authorized.check_changeable()
    return rights.authorized


def _refused_change(row: FixedRow, permission: Permission) -> RefusalCode | None:
    """A suspended account can still be resumed and closed: `status_mask` leaves these permissions. READ
    permissions are left in any status and allow no change."""
    if row.left_by_status & ~READ_PERMISSIONS & permission.bit:
        return None
    return STATUS_CODES.get(AccountStatus(row.status))


STATUS_CODES = {
    AccountStatus.SUSPENDED: RefusalCode.ACCOUNT_SUSPENDED,
    AccountStatus.CLOSED: RefusalCode.ACCOUNT_CLOSED,
}
"""Why an account of this status allows only writes that take away."""


async def _rights(
    session: WriteSession,
    principal: Principal,
    account_ids: Sequence[AccountId | None],
    permission: Permission,
    until: datetime.datetime | None = None,
    hold: Hold = Hold.NOTHING,
) -> dict[AccountId, _Rights]:
    """What the caller holds in those of the accounts that it reaches, behind the locks."""
    passed = await pass_door(session, principal, account_ids, permission, hold, until)
    return await _rights_in_each(session, principal, passed, permission)


async def _rights_in_each(
    session: WriteSession, principal: Principal, passed: Passed, permission: Permission
) -> dict[AccountId, _Rights]:
    return {row.id: await _rights_in(session, principal, row, permission) for row in passed.rows}


async def _rights_in(
    session: WriteSession, principal: Principal, row: FixedRow, permission: Permission
) -> _Rights:
    authorized = Authorized(
        row.master_id,
        row.id,
        row.lasting_mask or 0,
        row.below_mask or 0,
        row.acting_from or row.id,
        await opened_because(session, row, permission, principal),
        _refused_change(row, permission),
        row.is_unproved,
        account_row(row),
        row.mask,
    )
    return _Rights(authorized, row.mask)
