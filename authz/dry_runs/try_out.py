"""Dry runs: what a write would change about everybody's access, without writing (N4)."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeVar

from authz.callers.principals import Principal, PrincipalKind
from authz.dry_runs.snapshot import (
    Cell,
    Cells,
    Foundations,
    Held,
    Holder,
    RightEnd,
    accounts_seen,
    cells,
    foundations,
    names_of,
)
from authz.policy.permissions import Permission
from authz.wall.notes import TransactionNotes
from authz.wall.row_security import enter_again
from engine.writes.sessions import Savepoint, WriteSession
from models.base.ids import AccountId

MOST_CHANGES = 200

T = TypeVar("T")
Write = Callable[[WriteSession], Awaitable[object]]


@dataclass(frozen=True)
class AccessChange:
    """What a person or a key gains and loses in an account.

    `gained`, `lost`: masks. `old_ends`, `new_ends`: which of its rights end by themselves, before and after
    the change. `old_ip_ranges`, `new_ip_ranges`: where a key works; None for a person, and where the key does
    not exist. `subject_id`, `subject_name` None: the write would make it, or the caller named it and may not
    see it.
    """

    account_id: AccountId
    account_name: str
    kind: PrincipalKind
    subject_id: uuid.UUID | None
    subject_name: str | None
    gained: int
    lost: int
    old_ends: tuple[RightEnd, ...]
    new_ends: tuple[RightEnd, ...]
    old_ip_ranges: tuple[str, ...] | None
    new_ip_ranges: tuple[str, ...] | None


@dataclass(frozen=True)
class AccessChanges:
    """At most MOST_CHANGES, in the order of accounts and holders. `more`: there may be others."""

    changes: tuple[AccessChange, ...]
    more: bool


async def try_out(session: WriteSession, principal: Principal, write: Write) -> AccessChanges:
    """What the write would change, as far as the principal may see it before or after the write.

    The transaction has to be REPEATABLE READ, and the calling code rolls it back. The write runs twice: once
    to learn which accounts it locks, and again after these were read. Raises what the write raises.
    """
    touched = await _touched_by(session, write)
    if not touched:
        return AccessChanges((), more=False)
    before = await foundations(session, touched)
    savepoint = await session.savepoint()
    await write(session)
    asked = _differing(before, await foundations(session, touched))
    after = await _view(session, asked)
    made = await names_of(session, asked.holders - before.grants.keys())
    await _undo(session, savepoint)
    differences = _differences(await _view(session, asked), after, asked.more)
    return await _visible(session, principal, differences, made)


async def _touched_by(session: WriteSession, write: Write) -> frozenset[AccountId]:
    savepoint = await session.savepoint()
    await write(session)
    await _undo(session, savepoint)
    return frozenset(session.notes(TransactionNotes).touched)


async def _undo(session: WriteSession, savepoint: Savepoint) -> None:
    await savepoint.go_back()
    # The rollback also undid what the transaction may see, such as the tree that a link opens.
    await enter_again(session)


@dataclass(frozen=True)
class _Asked:
    """Where access may differ: for these holders in all of the accounts, for everybody in the `limited`
    ones."""

    accounts: Set[AccountId]
    holders: Set[Holder]
    limited: Sequence[AccountId]
    more: bool


def _differing(before: Foundations, after: Foundations) -> _Asked:
    limited = sorted(_differing_keys(before.limits, after.limits))
    return _Asked(
        before.limits.keys() | after.limits.keys(),
        _differing_keys(before.grants, after.grants),
        limited[:MOST_CHANGES],
        more=len(limited) > MOST_CHANGES,
    )


def _differing_keys(one: Mapping[T, object], other: Mapping[T, object]) -> set[T]:
    return {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}


@dataclass(frozen=True)
class _View:
    """The rows of access where it may differ, before or after the write."""

    of_holders: Cells
    of_limited: Cells


async def _view(session: WriteSession, asked: _Asked) -> _View:
    nothing = Cells({}, None)
    return _View(
        await cells(session, asked.accounts, asked.holders) if asked.holders else nothing,
        await cells(session, asked.limited) if asked.limited else nothing,
    )


@dataclass(frozen=True)
class _Difference:
    account_id: AccountId
    before: Held
    after: Held

    @property
    def holder(self) -> Holder:
        """Whose rights they are."""
        return self.before.holder


@dataclass(frozen=True)
class _Differences:
    """In the order of their places. `more`: there may be others."""

    found: Sequence[_Difference]
    more: bool


def _differences(before: _View, after: _View, more: bool) -> _Differences:
    found: dict[Cell, _Difference] = {}
    for one, other in ((before.of_holders, after.of_holders), (before.of_limited, after.of_limited)):
        ends = [end for end in (one.last, other.last) if end is not None]
        more = more or bool(ends)
        for cell, held in {**one.held, **other.held}.items():
            if ends and cell > min(ends):
                continue  # beyond what both reads cover
            nothing = Held(held.holder, mask=0)
            old, new = one.held.get(cell, nothing), other.held.get(cell, nothing)
            if old != new:
                found[cell] = _Difference(cell.account_id, old, new)
    return _Differences([found[cell] for cell in sorted(found)], more)


async def _visible(
    session: WriteSession,
    principal: Principal,
    differences: _Differences,
    made: Mapping[Holder, str],
) -> AccessChanges:
    """The differences that the principal may know of. The write is undone. `made`: names of what it made."""
    asker = Holder(principal.user_id, principal.api_key_id)
    accounts = await accounts_seen(session, principal, {found.account_id for found in differences.found})
    held_after = {found.account_id: found.after.mask for found in differences.found if found.holder == asker}
    seen = [
        found.holder == asker
        or _sees(accounts[found.account_id].asker_mask, found.holder)
        or _sees(held_after.get(found.account_id, 0), found.holder)
        for found in differences.found
    ]
    named = {Holder(user_id, None) for user_id in session.notes(TransactionNotes).named}
    shown = [
        (found, is_seen)
        for found, is_seen in zip(differences.found, seen, strict=True)
        if is_seen or found.holder in named
    ]
    cut = shown[:MOST_CHANGES]
    names = await names_of(session, {found.holder for found, is_seen in cut if is_seen})
    changes = tuple(
        AccessChange(
            found.account_id,
            accounts[found.account_id].name,
            PrincipalKind.API_KEY if found.holder.user_id is None else PrincipalKind.PERSON,
            found.holder.id if found.holder in names else None,
            names.get(found.holder) or made.get(found.holder) if is_seen else None,
            found.after.mask & ~found.before.mask,
            found.before.mask & ~found.after.mask,
            found.before.ends,
            found.after.ends,
            found.before.ip_ranges,
            found.after.ip_ranges,
        )
        for found, is_seen in cut
    )
    return AccessChanges(changes, more=differences.more or len(shown) > len(cut))


def _sees(mask: int, holder: Holder) -> bool:
    """Whether the access matrix shows the holder to a caller with this mask."""
    needed = Permission.API_KEYS_READ if holder.user_id is None else Permission.MEMBERS_READ
    return bool(mask & Permission.ACCOUNT_READ.bit and mask & needed.bit)
