"""What a transaction sees of access at one moment: before a write, and after it.

People times accounts may be millions of rows. So a dry run compares what access follows from: the grants in
the accounts concerned, as one digest for each holder, and what else decides what grants give in an account.
It reads rows of access only for holders and accounts where these differ.
"""

import datetime
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import CTE, FromClause, Select, Text, any_, cast, func, literal, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by

from authz.callers.principals import Principal
from authz.reach.everybody import Ids, access_of, grants_of, grants_within, ids
from authz.reach.reach import mask_of_account
from authz.reach.status import status_mask
from engine.writes.sessions import WriteSession
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys
from models.base.ids import AccountId, ApiKeyId, UserId
from models.people.users import users

MOST_CELLS = 5_000


class Holder(NamedTuple):
    """A person or an API key."""

    user_id: UserId | None
    api_key_id: ApiKeyId | None

    @property
    def id(self) -> uuid.UUID:
        """The person's or the key's id."""
        found = self.user_id or self.api_key_id
        if found is None:
            raise AssertionError("a holder is a person or a key")
        return found


class Cell(NamedTuple):
    """A place in the access matrix. Cells are ordered by it."""

    account_id: AccountId
    subject_id: uuid.UUID


@dataclass(frozen=True)
class RightEnd:
    """Rights that end by themselves at a moment, unless something changes before."""

    ends_at: datetime.datetime
    mask: int


@dataclass(frozen=True)
class Held:
    """The rights in a cell. `ends`: which of them end by themselves, in the order of time. `ip_ranges`: where
    a key works; None for a person."""

    holder: Holder
    mask: int
    ends: tuple[RightEnd, ...] = ()
    ip_ranges: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Foundations:
    """What access follows from: for each holder a digest of its grants, for each account what else
    decides."""

    limits: Mapping[AccountId, str]
    grants: Mapping[Holder, str]


@dataclass(frozen=True)
class Cells:
    """Rows of access, at most MOST_CELLS in the order of their places. `last`: the last one, if there are
    more."""

    held: Mapping[Cell, Held]
    last: Cell | None


@dataclass(frozen=True)
class AccountSeen:
    """An account: its name, and the mask of what the caller may do there; 0: it is out of reach."""

    name: str
    asker_mask: int


async def foundations(session: WriteSession, touched: Collection[AccountId]) -> Foundations:
    """The foundations of these accounts and all below them. A write in them changes access nowhere else, as
    power flows down only (T3)."""
    limits = {AccountId(row.id): row.limits for row in await session.execute(limits_in(touched))}
    grants = {
        Holder(row.user_id, row.api_key_id): row.digest for row in await session.execute(grants_in(touched))
    }
    return Foundations(limits, grants)


def _within(touched: Ids) -> CTE:
    closure = account_closure.alias()
    return (
        select(closure.c.master_id, closure.c.descendant_id.label("account_id"))
        .where(closure.c.ancestor_id == any_(ids(touched)))
        .distinct()
        .cte("within")
    )


def limits_in(touched: Ids) -> Select[Any]:
    """For each of these accounts and all below, all that decides besides grants. A dry run does not see a
    change of anything else."""
    within, link = _within(touched), account_closure.alias()
    own = in_tree(within, accounts, account_id="id")
    from_above = in_tree(link, accounts, descendant_id="id")
    in_order = aggregate_order_by(literal(","), link.c.depth)
    passed_masks = (
        select(func.string_agg(cast(link.c.passed_mask, Text), in_order)).where(from_above).scalar_subquery()
    )
    limits = func.concat_ws(":", status_mask(accounts), passed_masks).label("limits")
    return select(accounts.c.id, limits).join(within, own)


def grants_in(touched: Ids) -> Select[Any]:
    """For each holder a digest of its grants in these accounts and all below them."""
    return _digests(grants_within(_within(touched)))


def grants_of_named(user_ids: Ids, api_key_ids: Ids, touched: Ids) -> Select[Any]:
    """The same, for each of these people and keys."""
    return _digests(grants_of(user_ids, api_key_ids, touched))


def _digests(grant: FromClause) -> Select[Any]:
    key = api_keys.alias()
    same_key = in_tree(key, grant, id="api_key_id")
    line = func.concat_ws(
        ":",
        grant.c.account_id,
        grant.c.own_mask,
        grant.c.below_mask,
        func.coalesce(cast(grant.c.expires_at, Text), "never"),
        cast(key.c.ip_ranges, Text),
    )
    lines = func.string_agg(cast(line, Text), aggregate_order_by(literal(","), line))
    digest = func.md5(lines).label("digest")
    statement = select(grant.c.user_id, grant.c.api_key_id, digest).outerjoin_from(grant, key, same_key)
    return statement.group_by(grant.c.user_id, grant.c.api_key_id)


async def cells(
    session: WriteSession,
    account_ids: Collection[AccountId],
    holders: Collection[Holder] | None = None,
) -> Cells:
    """Who holds what in these accounts: everybody, or only these holders."""
    people, keys = (None, None) if holders is None else (_people(holders), _keys(holders))
    access = access_of(account_ids, people, keys).subquery("access")
    subject_id = func.coalesce(access.c.user_id, access.c.api_key_id)
    statement = select(access).order_by(access.c.account_id, subject_id).limit(MOST_CELLS + 1)
    found = {}
    for row in await session.execute(statement):
        holder = Holder(row.user_id, row.api_key_id)
        parts = [(mask & row.left_by_status, end) for mask, end in zip(row.masks, row.ends, strict=True)]
        ranges = None if row.ip_ranges is None else tuple(row.ip_ranges)
        found[Cell(AccountId(row.account_id), holder.id)] = Held(holder, row.mask, ends_of(parts), ranges)
    return Cells(found, max(found) if len(found) > MOST_CELLS else None)


def ends_of(parts: Collection[tuple[int, datetime.datetime | None]]) -> tuple[RightEnd, ...]:
    """Which rights end when, if grants give them as these pairs (mask, end; None: never). A right that
    several grants give ends with the last of them."""
    lasting = 0
    for mask, end in parts:
        lasting |= 0 if end is not None else mask
    found: list[RightEnd] = []
    dated = [(end, mask) for mask, end in parts if end is not None]
    for end, mask in sorted(dated, reverse=True):
        lost = mask & ~lasting
        lasting |= mask
        if lost and found and found[0].ends_at == end:
            found[0] = RightEnd(end, found[0].mask | lost)
        elif lost:
            found.insert(0, RightEnd(end, lost))
    return tuple(found)


async def accounts_seen(
    session: WriteSession, principal: Principal, account_ids: Collection[AccountId]
) -> dict[AccountId, AccountSeen]:
    """The accounts as the caller sees them."""
    granted = mask_of_account(accounts)
    statement = (
        select(accounts.c.id, accounts.c.name, func.coalesce(granted.c.mask, 0).label("mask"))
        .select_from(accounts.join(granted, true()))
        .where(accounts.c.id == any_(ids(account_ids)))
    )
    rows = await session.execute(statement, principal.credentials.binds)
    return {AccountId(row.id): AccountSeen(row.name, row.mask) for row in rows}


async def names_of(session: WriteSession, holders: Collection[Holder]) -> dict[Holder, str]:
    """The names of those holders that exist."""
    of_people = select(users.c.id, users.c.name).where(users.c.id == any_(ids(_people(holders))))
    of_keys = select(api_keys.c.id, api_keys.c.name).where(api_keys.c.id == any_(ids(_keys(holders))))
    found = {Holder(UserId(id_), None): name for id_, name in await session.execute(of_people)}
    return found | {Holder(None, ApiKeyId(id_)): name for id_, name in await session.execute(of_keys)}


def _people(holders: Collection[Holder]) -> list[UserId]:
    return [holder.user_id for holder in holders if holder.user_id]


def _keys(holders: Collection[Holder]) -> list[ApiKeyId]:
    return [holder.api_key_id for holder in holders if holder.api_key_id]
