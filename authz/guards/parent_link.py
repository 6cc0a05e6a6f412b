"""Which rights held above an account pass its link to the parent, and whose consent a change of that needs.

Each change needs the consent of the side that loses by it (R54, R60, N3). The parent loses what it could do.
The account loses protection against what those above could not do before. A change by which both lose needs
both.
"""

import enum
import uuid
from dataclasses import dataclass

from sqlalchemy import CTE, ColumnElement, Connection, Select, func, literal, select, update

from authz.callers.principals import Principal
from authz.guards.exclusive import End
from authz.policy.permissions import (
    ALL_PERMISSIONS,
    READ_PERMISSIONS,
    Permission,
    allows,
    mask_literal,
    permissions_in,
)
from authz.policy.refusals import RoleTooWide
from authz.reach.ends import end_at
from authz.reach.grants import granted_mask, lasting_grants, passed_mask
from authz.reach.reach import PRINCIPAL
from engine.writes.sessions import WriteSession
from models.accounts.tables import EVERYTHING_PASSES, ParentAccess, account_closure
from models.accounts.trees import in_tree
from models.base.ids import AccountId, MasterId

LEAST_PASSES = Permission.ACCOUNT_READ.bit | Permission.ACCOUNT_SUSPEND.bit
"""What passes in every mode: the parent, which pays for the account, sees it and can suspend it."""

READS_PASS = READ_PERMISSIONS | Permission.ACCOUNT_SUSPEND.bit


@dataclass(frozen=True)
class Passing:
    """Masks of what passes a link: `at_rest`, and `at_most` while somebody has opened it by break-glass."""

    at_rest: int
    at_most: int


PASSING = {
    ParentAccess.FULL: Passing(EVERYTHING_PASSES, EVERYTHING_PASSES),
    ParentAccess.READ_ONLY: Passing(READS_PASS, READS_PASS),
    ParentAccess.BREAK_GLASS: Passing(LEAST_PASSES, EVERYTHING_PASSES),
    ParentAccess.NONE: Passing(LEAST_PASSES, LEAST_PASSES),
}


class Side(enum.Enum):
    """The two ends of an account's link to its parent."""

    ABOVE = "ABOVE"
    OWN = "OWN"


def losers(old: ParentAccess, new: ParentAccess) -> frozenset[Side]:
    """Who loses by the change. Empty only where nothing changes."""
    found = set()
    if _beyond(old, new):
        found.add(Side.ABOVE)
    if _beyond(new, old):
        found.add(Side.OWN)
    return frozenset(found)


def _beyond(wider: ParentAccess, than: ParentAccess) -> int:
    """The permissions that pass in the wider mode and not in the other one, at rest or during break-glass: a
    mask."""
    one, other = PASSING[wider], PASSING[than]
    return (one.at_rest & ~other.at_rest | one.at_most & ~other.at_most) & ALL_PERMISSIONS


@dataclass(frozen=True)
class Link:
    """An account's link to its parent, in a locked tree."""

    master_id: MasterId
    account_id: AccountId
    parent_id: AccountId
    mode: ParentAccess


@dataclass(frozen=True)
class LinkAuthority:
    """The sides of a link that somebody may decide for.

    For the parent's side it takes SETTINGS_WRITE in the parent and below it, for the account's side
    SETTINGS_WRITE by a grant in that account itself. Shares, break-glass and rights that end before what is
    decided do not count. `above_from`: the nearest account whose grant gives the parent's side. `mask`,
    `below_mask`: all that grants in the account itself give.
    """

    above_from: AccountId | None
    mask: int
    below_mask: int

    @property
    def sides(self) -> frozenset[Side]:
        """Both, one or none."""
        found = set()
        if self.above_from is not None:
            found.add(Side.ABOVE)
        if self.mask & Permission.SETTINGS_WRITE.bit:
            found.add(Side.OWN)
        return frozenset(found)

    def check_raise(self, old: ParentAccess, new: ParentAccess) -> None:
        """Raise RoleTooWide where those above would gain rights that the account's side does not hold (N19).

        ACCOUNT_SUSPEND, which is only held from above, passes in every mode.
        """
        gained = _beyond(new, old)
        here, below = gained & ~self.mask, gained & ~self.below_mask
        if here or below:
            raise RoleTooWide(new.value, permissions_in(here), permissions_in(below), "parentAccess")


async def authority_of_principal(
    session: WriteSession, principal: Principal, link: Link, until: End = None
) -> LinkAuthority:
    """The caller's authority over the link, for what ends at `until`."""
    end = until if isinstance(until, ColumnElement) else end_at(until)
    grants = lasting_grants(PRINCIPAL, end).cte("lasting_grants")
    own = (grants.c.master_id == link.master_id) & (grants.c.account_id == link.account_id)
    statement = select(
        _above_from(grants, link).scalar_subquery(),
        select(func.coalesce(func.bit_or(grants.c.own_mask), 0)).where(own).scalar_subquery(),
        select(func.coalesce(func.bit_or(grants.c.below_mask), 0)).where(own).scalar_subquery(),
    )
    return LinkAuthority(*(await session.execute(statement, principal.credentials.binds)).one())


def _above_from(grants: CTE, link: Link) -> Select[tuple[uuid.UUID]]:
    """The nearest account whose grant gives SETTINGS_WRITE in the parent and, by the links above it,
    below."""
    path = account_closure.alias()
    held = granted_mask(path, grants).op("&")(passed_mask(path, grants))
    return (
        select(grants.c.account_id)
        .join(
            path,
            in_tree(path, grants, ancestor_id="account_id"),
        )
        .where(
            path.c.master_id == link.master_id,
            path.c.descendant_id == link.parent_id,
            allows(held, Permission.SETTINGS_WRITE),
        )
        .order_by(path.c.depth)
        .limit(1)
    )


async def let_pass(session: WriteSession, link: Link, mode: ParentAccess) -> None:
    """Update the masks of every path that crosses the link to its new mode."""
    up, down, crossing = account_closure.alias(), account_closure.alias(), account_closure
    passed = up.c.passed_mask.op("&")(literal(PASSING[mode].at_rest)).op("&")(down.c.passed_mask)
    await session.send_built(
        update(crossing)
        .where(
            *(path.c.master_id == link.master_id for path in (up, down, crossing)),
            up.c.descendant_id == link.parent_id,
            down.c.ancestor_id == link.account_id,
            crossing.c.ancestor_id == up.c.ancestor_id,
            crossing.c.descendant_id == down.c.descendant_id,
        )
        .values(passed_mask=passed)
    )


def synchronize(connection: Connection) -> None:
    """Let READ_ONLY links pass READ permissions that are new. Part of `mandant migrate`.

    Of two modes one always lets pass all that the other does, so a path passes what its narrowest link
    passes: one of three masks.
    """
    masks = [mask_literal(passing.at_rest) for passing in PASSING.values()]
    statement = update(account_closure).where(account_closure.c.passed_mask.not_in(masks))
    connection.execute(statement.values(passed_mask=READS_PASS))
