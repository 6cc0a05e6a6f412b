"""The door that every write goes through.

Rights are read, the path from the root to the account is locked, and rights are read again: what was revoked
or suspended in between is seen, and what would be revoked now waits until the write is done. Ancestors are
locked in share mode and the account itself for update, always from the root down, so that two writes cannot
wait for each other in a circle.

What gives or takes access, by a permission of GIVES_ACCESS, needs a right that holds until the end of what is
given or taken at least: so nothing outlives a share, broken glass, a membership or a key that ends.
"""

import datetime
import enum
import functools
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, ColumnElement, DateTime, Uuid, and_, any_, bindparam, func, select, true

from authz.callers.principals import Principal
from authz.guards.acting_grants import acting_from, is_only_shared, opened_because
from authz.policy.permissions import GIVES_ACCESS, READ_PERMISSIONS, Permission, allows
from authz.policy.refusals import NotFound, PermissionDenied, Refusal, RefusalCode
from authz.reach.ends import FOREVER
from authz.reach.reach import mask_of_account
from authz.reach.status import effective_status, status_mask
from authz.wall.notes import TransactionNotes
from engine.writes.fixed_statements import FixedRow, FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.tables import AccountStatus, account_closure, accounts
from models.base.ids import AccountId, AccountKey, MasterId

End = datetime.datetime | ColumnElement[datetime.datetime] | None
"""When what is given or taken ends; None: never. A scalar sub-select is asked behind the lock."""


class Effect(enum.Enum):
    """What a write does, which decides in which accounts it is allowed."""

    CHANGES = "It may give something: the account and all above it have to be active."
    TAKES_AWAY = "Somebody only loses access, or something is spent no more: no status forbids it."


@dataclass(frozen=True)
class Authorized:
    """An account, locked, in which the principal holds what was asked for."""

    master_id: MasterId
    account_id: AccountId
    mask: int
    """What the principal holds in the account and may pass on to what ends when it was asked for: nothing of
    what ends before that, nor of what shares and break-glass give (N19)."""
    below_mask: int
    """The same in the accounts below it."""
    acting_from: AccountId
    """The nearest account whose grant gave the permission (R54)."""
    opened_because: str | None = None
    """Why the glass was broken, where that alone gave the permission."""
    refused_change: RefusalCode | None = None
    """Why the status of the path allows nothing but what takes away; None: it allows changes."""

    def check_changeable(self) -> None:
        """Raise ACCOUNT_SUSPENDED and ACCOUNT_CLOSED, for a write that was let in as `Effect.TAKES_AWAY` and
        turns out to give something. The account is locked, so its status stays."""
        if self.refused_change is not None:
            raise Refusal(self.refused_change)


def without_rights(account: AccountKey, acting_from: AccountId | None = None) -> Authorized:
    """An account for the books and the log of what the platform does: nobody's rights are behind it."""
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
    effect: Effect = Effect.CHANGES,
    *,
    until: End = None,
) -> Authorized:
    """Lock the account for a change that needs the permission.

    `until`: when what the change gives or takes ends. `account_id` may be a scalar sub-select, so that an id
    of something inside the account that does not exist costs and answers the same as a foreign one.

    Raises NotFound outside reach, PermissionDenied inside it, Refusal with ACCOUNT_SUSPENDED or
    ACCOUNT_CLOSED where the status of the path forbids the change, and with REACHED_BY_SHARE or RIGHT_ENDS
    where access is given or taken by a right that may end before.
    """
    before = await _check(session, principal, await known_id(session, account_id), permission, effect, until)
    await lock_path(session, before.master_id, before.account_id)
    return await _check(session, principal, before.account_id, permission, effect, until)


async def authorize_all(
    session: WriteSession,
    principal: Principal,
    account_ids: Collection[AccountId],
    permission: Permission,
    effect: Effect = Effect.CHANGES,
    *,
    until: End = None,
) -> list[Authorized]:
    """The same for one or more accounts of one tree, in the order of their ids; locks the tree.

    Raises BAD_USER_INPUT where the accounts lie in several trees.
    """
    wanted = list(dict.fromkeys(account_ids))

    async def check() -> list[Authorized]:
        rights = await _rights(session, principal, wanted, permission)
        found = [_judge(rights.get(each), permission, effect) for each in wanted]
        lasting = await _lasting(session, principal, rights, found, permission, until)
        return sorted(lasting, key=lambda account: account.account_id)

    before = await check()
    if len({account.master_id for account in before}) > 1:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "The accounts must be of one tree.", "accountIds")
    await lock_tree(session, before[0].master_id)
    session.notes(TransactionNotes).touched.update(account.account_id for account in before)
    return await check()


async def authorize_also(
    session: WriteSession,
    principal: Principal,
    account_id: AccountId | None,
    permission: Permission,
    effect: Effect = Effect.CHANGES,
    *,
    until: End = None,
) -> Authorized:
    """The same for an account on a path that is locked already; locks nothing. None: where `known_id` has
    found nothing."""
    return await _check(session, principal, account_id, permission, effect, until)


async def judge_pair(
    session: WriteSession, principal: Principal, pair: tuple[AccountId, AccountId], permission: Permission
) -> tuple[Authorized | Refusal, Authorized | Refusal]:
    """The same for two accounts in one statement: each, or why it is refused."""
    one, other = pair
    rights = await _rights(session, principal, pair, permission)
    return _verdict(rights.get(one), permission), _verdict(rights.get(other), permission)


async def lock_tree(session: WriteSession, master_id: MasterId) -> None:
    """Keep every other write out of the tree: each of them locks the root first, at least in share mode. The
    caller notes in which accounts the transaction may change access."""
    await _lock(session, master_id, AccountId(master_id))


async def lock_path(session: WriteSession, master_id: MasterId, account_id: AccountId) -> None:
    """Lock the ancestors in share mode, root first, and the account for update. Note that the transaction may
    change access there and below."""
    session.notes(TransactionNotes).touched.add(account_id)
    await _lock(session, master_id, account_id)


async def _lock(session: WriteSession, master_id: MasterId, account_id: AccountId) -> None:
    session.take_turn(master_id)
    await _lock_path().rows(session, {"master_id": master_id, "account_id": account_id})


@functools.cache
def _lock_path() -> FixedStatement:
    path = account_closure.alias()
    above = (
        select(accounts.c.id)
        .join(path, and_(path.c.master_id == accounts.c.master_id, path.c.ancestor_id == accounts.c.id))
        .where(
            accounts.c.master_id == bindparam("master_id"),
            path.c.descendant_id == bindparam("account_id"),
            path.c.depth > 0,
        )
        .order_by(path.c.depth.desc())
        .with_for_update(read=True, of=accounts)
        .cte("above")
    )
    # PostgreSQL asks what depends on no row before it looks for rows: what is above is locked first.
    all_above = select(func.count()).select_from(above).scalar_subquery() >= 0
    own = and_(accounts.c.master_id == bindparam("master_id"), accounts.c.id == bindparam("account_id"))
    # Keys never change: rows that refer to the account are written beside it, such as those of the ledger.
    locked = select(accounts.c.id).where(own, all_above).with_for_update(key_share=True, of=accounts)
    return FixedStatement(locked)


def _verdict(rights: _Rights | None, permission: Permission) -> Authorized | Refusal:
    try:
        return _judge(rights, permission)
    except Refusal as refusal:
        return refusal


async def known_id(
    session: WriteSession, account_id: AccountId | ColumnElement[uuid.UUID]
) -> AccountId | None:
    """The id, or what a scalar sub-select finds."""
    if not isinstance(account_id, ColumnElement):
        return account_id
    found = (await session.execute(select(account_id))).scalar_one()
    return None if found is None else AccountId(found)


async def _check(
    session: WriteSession,
    principal: Principal,
    account_id: AccountId | None,
    permission: Permission,
    effect: Effect,
    until: End,
) -> Authorized:
    rights = await _rights(session, principal, (account_id,), permission)
    # Also an id that is not known is looked for, so that it takes as long as a foreign one.
    found = _judge(None if account_id is None else rights.get(account_id), permission, effect)
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
    """The same accounts with what the principal may pass on to what ends then. Few hold what ends: only of
    them it is asked anew."""
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


def _judge(rights: _Rights | None, permission: Permission, effect: Effect = Effect.CHANGES) -> Authorized:
    if rights is None:
        raise NotFound
    if not rights.held & permission.bit:
        raise PermissionDenied(permission)
    if effect is Effect.CHANGES:
        rights.authorized.check_changeable()
    return rights.authorized


def _refused_change(row: FixedRow, permission: Permission) -> RefusalCode | None:
    """A suspended account is still resumed and closed: `status_mask` leaves these permissions. Those to read
    are left in any status, and allow no change."""
    if row.left_by_status & ~READ_PERMISSIONS & permission.bit:
        return None
    return STATUS_CODES.get(AccountStatus(row.status))


STATUS_CODES = {
    AccountStatus.SUSPENDED: RefusalCode.ACCOUNT_SUSPENDED,
    AccountStatus.CLOSED: RefusalCode.ACCOUNT_CLOSED,
}
"""Why nothing but what takes away is allowed in an account of this status."""


async def _rights(
    session: WriteSession,
    principal: Principal,
    account_ids: Sequence[AccountId | None],
    permission: Permission,
    until: datetime.datetime | None = None,
) -> dict[AccountId, _Rights]:
    """What the principal holds in those of the accounts that it reaches."""
    credentials = principal.credentials
    values = {**credentials.binds, "account_ids": list(account_ids), "until": until}
    rows = await _rights_statement(permission).rows(session, values, credentials.kind)
    return {row.id: await _rights_in(session, principal, row, permission) for row in rows}


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
    )
    return _Rights(authorized, row.mask)


@functools.cache
def _rights_statement(permission: Permission) -> FixedStatement:
    account = accounts.alias()
    until = func.coalesce(bindparam("until", type_=DateTime(timezone=True)), FOREVER)
    granted = mask_of_account(account, until=until)
    return FixedStatement(
        select(
            account.c.master_id,
            account.c.id,
            granted.c.mask,
            granted.c.lasting_mask,
            granted.c.below_mask,
            acting_from(account.c.id, permission).label("acting_from"),
            status_mask(account).label("left_by_status"),
            effective_status(account).label("status"),
        )
        .select_from(account.join(granted, true()))
        .where(
            account.c.id == any_(bindparam("account_ids", type_=ARRAY(Uuid()))),
            allows(granted.c.mask, Permission.ACCOUNT_READ),
        )
    )
