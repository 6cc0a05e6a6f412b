"""Limits by platform staff on one person's rights in the accounts below (R73, USER_RIGHTS).

The override names a person and an account. The person's membership there stores the limit, for everything
that reads rights. A person who leaves and comes back gets the limit again.
"""

import datetime
from dataclasses import dataclass

from sqlalchemy import select, update

from authz.guards.staff import StaffAtWork
from authz.policy.refusals import NotFound
from authz.wall.notes import TransactionNotes
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_account
from models.base.ids import AccountId, MasterId, MembershipId, UserId
from models.members.tables import memberships
from models.staff.overrides import OverrideKind, overrides
from resolvers.staff.overrides import OverrideStatus, status_of


@dataclass(frozen=True)
class BelowLimit:
    """A mask of the most that a membership gives below its account, and until when; None: no limit."""

    mask: int | None = None
    until: datetime.datetime | None = None


async def person_of(session: WriteSession, at_work: StaffAtWork, membership_id: MembershipId) -> UserId:
    """The person of a membership of the account. Raises NotFound, also for one of another account (T1)."""
    found = select(memberships.c.user_id).where(
        in_account(memberships, at_work), memberships.c.id == membership_id
    )
    user_id = (await session.execute(found)).scalar_one_or_none()
    if user_id is None:
        raise NotFound("memberId")
    return UserId(user_id)


async def limit_below(
    session: WriteSession, at_work: StaffAtWork, user_id: UserId, limit: BelowLimit
) -> None:
    """Store the limit in the person's membership."""
    session.notes(TransactionNotes).named.add(user_id)
    await session.send_built(
        update(memberships)
        .where(in_account(memberships, at_work), memberships.c.user_id == user_id)
        .values(below_limit=limit.mask, below_limit_until=limit.until, version=memberships.c.version + 1)
    )


async def limit_in_force(
    session: WriteSession, master_id: MasterId, account_id: AccountId, user_id: UserId
) -> BelowLimit:
    """The limit that a new membership of the person gets."""
    statement = select(overrides.c.rights_mask, overrides.c.expires_at).where(
        overrides.c.master_id == master_id,
        overrides.c.account_id == account_id,
        overrides.c.user_id == user_id,
        overrides.c.kind == OverrideKind.USER_RIGHTS.value,
        status_of(overrides) == OverrideStatus.IN_FORCE.value,
    )
    row = (await session.execute(statement)).one_or_none()
    return BelowLimit() if row is None else BelowLimit(*row)
