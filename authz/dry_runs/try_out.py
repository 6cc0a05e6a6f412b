"""Dry runs: what a write would do to everybody's access, without doing it (N4)."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncTransaction

from authz.callers.principals import Principal, PrincipalKind
from authz.dry_runs.snapshot import (
    Cell,
    Cells,
    End,
    Foundations,
    Held,
    Subject,
    accounts_seen,
    cells,
    foundations,
    names_of,
)
from authz.policy.permissions import Permission
from authz.wall.notes import TransactionNotes
from authz.wall.row_security import enter_again
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId

MOST_CHANGES = 200

T = TypeVar("T")
Write = Callable[[WriteSession], Awaitable[object]]


@dataclass(frozen=True)
class AccessChange:
    """What a person or a key gains and loses in an account, as masks, what of its rights ends by itself
    before and after the change, and of a key where it works from; None: it is a person, or no key then.

    `subject_id` None: it would be made, or is whom the asker named and sees nothing else of; then there is no
    name either.
    """

    account_id: AccountId
    account_name: str
    kind: PrincipalKind
    subject_id: uuid.UUID | None
    subject_name: str | None
    gained: int
    lost: int
    old_ends: tuple[End, ...]
    new_ends: tuple[End, ...]
    old_ip_ranges: tuple[str, ...] | None
    new_ip_ranges: tuple[str, ...] | None


@dataclass(frozen=True)
class AccessChanges:
    """At most MOST_CHANGES, in the order of accounts and subjects; `more`: there may be others."""

    changes: tuple[AccessChange, ...]
    more: bool


async def try_out(session: WriteSession, principal: Principal, write: Write) -> AccessChanges:
    """What the write would change, of what the principal may see before it or after it.

    The transaction has to be REPEATABLE READ and is to be rolled back by the caller. The write runs twice:
    once to learn which accounts it locks, and once more after these were looked at. Raises what it raises.
    """
    touched = await _touched_by(session, write)
    if not touched:
        return AccessChanges((), more=False)
    before = await foundations(session, touched)
    savepoint = await session.begin_nested()
    await write(session)
    asked = _differing(before, await foundations(session, touched))
    after = await _view(session, asked)
    made = await names_of(session, asked.subjects - before.grants.keys())
    await _undo(session, savepoint)
    differences = _differences(await _view(session, asked), after, asked.more)
    return await _told(session, principal, differences, made)


async def _touched_by(session: WriteSession, write: Write) -> frozenset[AccountId]:
    savepoint = await session.begin_nested()
    await write(session)
    await _undo(session, savepoint)
    return frozenset(session.notes(TransactionNotes).touched)


async def _undo(session: WriteSession, savepoint: AsyncTransaction) -> None:
    await savepoint.rollback()
    # What the transaction may see was undone as well, such as the tree that a link opens.
    await enter_again(session)


@dataclass(frozen=True)
class _Asked:
    """Where access may differ: these subjects in all of the accounts, and everybody in the `limited` ones."""

    accounts: Set[AccountId]
    subjects: Set[Subject]
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
    """The rows of access that were asked for, before or after the write."""

    of_subjects: Cells
    of_limited: Cells


async def _view(session: WriteSession, asked: _Asked) -> _View:
    nothing = Cells({}, None)
    return _View(
        await cells(session, asked.accounts, asked.subjects) if asked.subjects else nothing,
        await cells(session, asked.limited) if asked.limited else nothing,
    )


@dataclass(frozen=True)
class _Difference:
    account_id: AccountId
    before: Held
    after: Held

    @property
    def subject(self) -> Subject:
        """Whose rights they are."""
        return self.before.subject


@dataclass(frozen=True)
class _Differences:
    """In the order of their places; `more`: there may be others."""

    found: Sequence[_Difference]
    more: bool


def _differences(before: _View, after: _View, more: bool) -> _Differences:
    found: dict[Cell, _Difference] = {}
    for one, other in ((before.of_subjects, after.of_subjects), (before.of_limited, after.of_limited)):
        ends = [end for end in (one.last, other.last) if end is not None]
        more = more or bool(ends)
        for cell, held in {**one.held, **other.held}.items():
            if ends and cell > min(ends):
                continue  # beyond what was read of both
            nothing = Held(held.subject, mask=0)
            old, new = one.held.get(cell, nothing), other.held.get(cell, nothing)
            if old != new:
                found[cell] = _Difference(cell.account_id, old, new)
    return _Differences([found[cell] for cell in sorted(found)], more)


async def _told(
    session: WriteSession,
    principal: Principal,
    differences: _Differences,
    made: Mapping[Subject, str],
) -> AccessChanges:
    """What of it the principal may know. The write is undone; `made`: the names of those that it made."""
    asker = Subject(principal.user_id, principal.api_key_id)
    accounts = await accounts_seen(session, principal, {found.account_id for found in differences.found})
    held_after = {found.account_id: found.after.mask for found in differences.found if found.subject == asker}
    seen = [
        found.subject == asker
        or _sees(accounts[found.account_id].asker_mask, found.subject)
        or _sees(held_after.get(found.account_id, 0), found.subject)
        for found in differences.found
    ]
    named = {Subject(user_id, None) for user_id in session.notes(TransactionNotes).named}
    shown = [
        (found, is_seen)
        for found, is_seen in zip(differences.found, seen, strict=True)
        if is_seen or found.subject in named
    ]
    cut = shown[:MOST_CHANGES]
    names = await names_of(session, {found.subject for found, is_seen in cut if is_seen})
    changes = tuple(
        AccessChange(
            found.account_id,
            accounts[found.account_id].name,
            PrincipalKind.API_KEY if found.subject.user_id is None else PrincipalKind.PERSON,
            found.subject.id if found.subject in names else None,
            names.get(found.subject) or made.get(found.subject) if is_seen else None,
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


def _sees(mask: int, subject: Subject) -> bool:
    """Whether the holder of the mask is shown the subject in the access matrix."""
    needed = Permission.API_KEYS_READ if subject.user_id is None else Permission.MEMBERS_READ
    return bool(mask & Permission.ACCOUNT_READ.bit and mask & needed.bit)
