"""Caps: how much of a cycle an account and those below it may use (R28, N10, T18)."""

import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, FromClause, and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from authz.guard import Authorized, authorize, authorize_also
from authz.permissions import Permission
from authz.principals import Principal
from authz.refusals import NotFound, PermissionDenied, Refusal, RefusalCode
from models.accounts import account_closure, accounts
from models.identifiers import AccountId, Kind, SendCycleId, present
from models.plans import MOST_IN_A_CYCLE
from models.sends import send_caps, send_counts
from resolvers.events import Change, EventKind, record


@dataclass(frozen=True)
class SendCapUpdate:
    """`sends`: in a cycle; None: as many as there are."""

    account_id: AccountId
    sends: int | None


async def update_send_cap(session: AsyncSession, principal: Principal, command: SendCapUpdate) -> Authorized:
    """Say how much a subaccount and all below it may send in a cycle.

    Needs PLAN_WRITE in it and in the account above. Raises PARENT_ACCOUNT_REQUIRED, FAILED_PRECONDITION for a
    master account, BAD_USER_INPUT.
    """
    if command.sends is not None and not 0 <= command.sends <= MOST_IN_A_CYCLE:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must not be negative.", "sends")
    account = await authorize(session, principal, command.account_id, Permission.PLAN_WRITE)
    if account.account_id == account.master_id:
        message = "A master account's plan is its only limit."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    parent_id = select(accounts.c.parent_id).where(
        accounts.c.master_id == account.master_id, accounts.c.id == account.account_id
    )
    try:
        await authorize_also(session, principal, parent_id.scalar_subquery(), Permission.PLAN_WRITE)
    except (NotFound, PermissionDenied) as refusal:
        raise Refusal(RefusalCode.PARENT_ACCOUNT_REQUIRED) from refusal
    own = and_(send_caps.c.master_id == account.master_id, send_caps.c.account_id == account.account_id)
    before = (await session.execute(select(send_caps.c.sends).where(own))).scalar_one_or_none()
    if before == command.sends:
        return account
    if command.sends is None:
        await session.execute(delete(send_caps).where(own))
    else:
        values = {"master_id": account.master_id, "account_id": account.account_id, "sends": command.sends}
        written = upsert(send_caps).values(**values)
        key = ["master_id", "account_id"]
        await session.execute(
            written.on_conflict_do_update(index_elements=key, set_={"sends": written.excluded.sends})
        )
    subject_id = present(Kind.ACCOUNT, account.account_id)
    changes: tuple[Change, Change] = ({"sends": before}, {"sends": command.sends})
    await record(session, principal, account, EventKind.SEND_CAP_CHANGED, subject_id, *changes)
    return account


async def exceeded(session: AsyncSession, account: Authorized, cycle_id: SendCycleId) -> bool:
    """Whether a cap of the account, or of one above it, is below what was counted in the cycle."""
    path = account_closure.alias()
    found = (
        select(path.c.ancestor_id)
        .where(
            path.c.master_id == account.master_id,
            path.c.descendant_id == account.account_id,
            left(path, cycle_id) < 0,
        )
        .limit(1)
    )
    return (await session.execute(found)).first() is not None


def left(path: FromClause, cycle_id: SendCycleId | ColumnElement[uuid.UUID]) -> ColumnElement[int]:
    """What the cap of the account above (`ancestor_id`) has left of a cycle; NULL: it has none."""
    cap, below, count = send_caps.alias(), account_closure.alias(), send_counts.alias()
    used = (
        select(func.coalesce(func.sum(count.c.sends), 0))
        .select_from(
            count.join(
                below,
                and_(below.c.master_id == count.c.master_id, below.c.descendant_id == count.c.account_id),
            )
        )
        .where(
            count.c.master_id == cap.c.master_id,
            count.c.cycle_id == cycle_id,
            below.c.ancestor_id == cap.c.account_id,
        )
        .correlate_except(count, below)
        .scalar_subquery()
    )
    return (
        select(cap.c.sends - used)
        .where(cap.c.master_id == path.c.master_id, cap.c.account_id == path.c.ancestor_id)
        .correlate(path)
        .scalar_subquery()
    )


def cap_of(account: FromClause) -> ColumnElement[int]:
    """How much the account and all below it may send in a cycle; null: as much as the subscription has."""
    cap = send_caps.alias()
    return (
        select(cap.c.sends)
        .where(cap.c.master_id == account.c.master_id, cap.c.account_id == account.c.id)
        .correlate(account)
        .scalar_subquery()
    )
