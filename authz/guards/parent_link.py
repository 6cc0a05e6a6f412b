"""What of the rights held above an account passes its link, and whose consent a change of that needs.

Each change needs the consent of the side that loses by it (R54, R60, N3): the parent loses what it could do,
the account loses what could not be done to it. A change by which both lose needs both.
"""

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
from models.base.ids import AccountId, MasterId

LEAST_PASSES = Permission.ACCOUNT_READ.bit | Permission.ACCOUNT_SUSPEND.bit
"""What no mode takes: that the account is there and whether it runs stay with the parent that pays for it."""

READS_PASS = READ_PERMISSIONS | Permission.ACCOUNT_SUSPEND.bit


@dataclass(frozen=True)
class Passing:
    """Masks of what passes a link: `at_rest`, and `at_most`, while the glass is broken."""

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
    """Who loses by the change: nobody only where nothing changes."""
    found = set()
    if _beyond(old, new):
        found.add(Side.ABOVE)
    if _beyond(new, old):
        found.add(Side.OWN)
    return frozenset(found)


def _beyond(wider: ParentAccess, than: ParentAccess) -> int:
    """What may pass with the one mode and not, or not at rest, with the other."""
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
class Standing:
    """For which sides of a link somebody may speak: SETTINGS_WRITE in the parent and below it, or by a grant
    in that very account; never by a share, by break-glass, or by what ends before that of which they speak.

    `above_from`: the nearest account whose grant gives the former. `mask` and `below_mask`: all that is held
    by grants in the account itself.
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
        """Raise RoleTooWide where those above would gain what this side does not hold itself (N19).

        ACCOUNT_SUSPEND, which nobody holds at home, passes in any case.
        """
        gained = _beyond(new, old)
        here, below = gained & ~self.mask, gained & ~self.below_mask
        if here or below:
            raise RoleTooWide(new.value, permissions_in(here), permissions_in(below), "parentAccess")


async def standing_of_principal(
    session: WriteSession, principal: Principal, link: Link, until: End = None
) -> Standing:
    """For which sides who asks may speak, of what ends then or never."""
    return await _standing(session, PRINCIPAL, link, principal.credentials.binds, until)


async def _standing(
    session: WriteSession, principal: CTE, link: Link, binds: Mapping[str, Any], until: End = None
) -> Standing:
    end = until if isinstance(until, ColumnElement) else end_at(until)
    grants = lasting_grants(principal, end).cte("lasting_grants")
    own = (grants.c.master_id == link.master_id) & (grants.c.account_id == link.account_id)
    statement = select(
        _above_from(grants, link).scalar_subquery(),
        select(func.coalesce(func.bit_or(grants.c.own_mask), 0)).where(own).scalar_subquery(),
        select(func.coalesce(func.bit_or(grants.c.below_mask), 0)).where(own).scalar_subquery(),
    )
    return Standing(*(await session.execute(statement, dict(binds))).one())


def _above_from(grants: CTE, link: Link) -> Select[tuple[uuid.UUID]]:
    """In the parent and below it: below as far as the links above the parent let it pass."""
    path = account_closure.alias()
    held = granted_mask(path, grants).op("&")(passed_mask(path, grants))
    return (
        select(grants.c.account_id)
        .join(
            path,
            (path.c.master_id == grants.c.master_id) & (path.c.ancestor_id == grants.c.account_id),
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
    """Keep the tree's masks true to the link's new mode: those of every path that crosses it."""
    up, down, crossing = account_closure.alias(), account_closure.alias(), account_closure
    passed = up.c.passed_mask.op("&")(literal(PASSING[mode].at_rest)).op("&")(down.c.passed_mask)
    await session.execute(
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
    """Let links that are READ_ONLY pass the READ permissions that are new. Part of `mandant migrate`.

    As the modes at rest are a chain, a path passes what its narrowest link passes: one of three masks.
    """
    masks = [mask_literal(passing.at_rest) for passing in PASSING.values()]
    statement = update(account_closure).where(account_closure.c.passed_mask.not_in(masks))
    connection.execute(statement.values(passed_mask=READS_PASS))
