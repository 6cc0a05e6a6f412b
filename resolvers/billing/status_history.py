"""When an account was usable, itself and all above it, which decides what it is charged for (R20)."""

import datetime
import enum
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from sqlalchemy import insert, select

from engine.writes.sessions import WriteSession
from models.accounts.tables import AccountStatus, account_closure
from models.accounts.trees import Place, columns_of, in_account, in_tree
from models.base.clock import current_moment
from models.base.ids import AccountId, MasterId, new_id
from models.billing.status_history import account_status_changes


class SuspendedAccounts(enum.StrEnum):
    """What a cycle costs if the account, or one above it, was suspended throughout it."""

    PAUSE = "PAUSE"
    """What was used of it, without the plan."""
    CHARGE = "CHARGE"
    """What any other cycle costs."""


@dataclass(frozen=True)
class StatusChange:
    """An account's status from a moment on."""

    account_id: AccountId
    status: AccountStatus
    holds_from: datetime.datetime


@dataclass(frozen=True)
class Span:
    """A half-open period of an account."""

    master_id: MasterId
    account_id: AccountId
    starts_at: datetime.datetime
    ends_at: datetime.datetime


async def note_status(session: WriteSession, account: Place, status: AccountStatus) -> None:
    """Note that the account has the status from now on."""
    place = columns_of(account)
    values = {"id": new_id(), "status": status.value, "holds_from": current_moment()}
    await session.send_built(insert(account_status_changes).values(**place, **values))


async def was_out_of_use(session: WriteSession, span: Span) -> bool:
    """Whether at each moment of the period the account or one above it was not active."""
    path, change = account_closure.alias(), account_status_changes.c
    on_path = in_tree(path, account_status_changes, ancestor_id="account_id")
    statement = (
        select(change.account_id, change.status, change.holds_from)
        .join(path, on_path)
        .where(
            path.c.master_id == span.master_id,
            path.c.descendant_id == span.account_id,
            change.holds_from < span.ends_at,
        )
        .order_by(change.holds_from, change.id)
    )
    changes = [
        StatusChange(row.account_id, AccountStatus(row.status), row.holds_from)
        for row in await session.execute(statement)
    ]
    return out_of_use_throughout(changes, span.starts_at)


async def status_before_closing(session: WriteSession, account: Place) -> AccountStatus:
    """The status that a closed account had before."""
    change = account_status_changes.c
    newest = (
        select(change.status)
        .where(in_account(account_status_changes, account))
        .order_by(change.holds_from.desc(), change.id.desc())
        .limit(2)
    )
    found = (await session.execute(newest)).scalars().all()
    return AccountStatus(found[1]) if len(found) > 1 else AccountStatus.ACTIVE


async def was_closed_throughout(session: WriteSession, span: Span) -> bool:
    """Whether the account was closed when the period began, and not opened again in it."""
    change = account_status_changes.c
    newest = (
        select(change.status, (change.holds_from <= span.starts_at).label("before"))
        .where(in_account(account_status_changes, span), change.holds_from < span.ends_at)
        .order_by(change.holds_from.desc(), change.id.desc())
        .limit(1)
    )
    row = (await session.execute(newest)).one_or_none()
    return row is not None and row.before and row.status == AccountStatus.CLOSED.value


def out_of_use_throughout(changes: Iterable[StatusChange], starts_at: datetime.datetime) -> bool:
    """Whether at each moment from then until after the last change one of the accounts was not active.

    `changes`: of all of them, in order of time. Accounts without a change are active.
    """
    inactive: set[AccountId] = set()
    for moment, at_once in itertools.groupby(changes, attrgetter("holds_from")):
        if moment > starts_at and not inactive:
            return False
        for change in at_once:
            if change.status is AccountStatus.ACTIVE:
                inactive.discard(change.account_id)
            else:
                inactive.add(change.account_id)
    return bool(inactive)
