"""Who could give the missing access: people who manage access there and hold the right (N1, N19)."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, Select, Uuid, and_, bindparam, func, null, select, true

from authz.explain.facts import AskedAccount, Facts
from authz.explain.misses import place_of_remedy
from authz.guards.key_creation import keys_are_made_by
from authz.policy.permissions import Permission, allows
from authz.reach.grants import lasting_grants, membership_holds
from authz.reach.reach import mask_of_account
from authz.reach.status import status_mask
from engine.database.snapshot import Reader
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree
from models.base.ids import UserId
from models.members.tables import memberships
from models.people.users import users

MOST_GRANTERS = 10
"""How many are named. All are counted."""


@dataclass(frozen=True)
class Granters:
    """The first MOST_GRANTERS by name, and how many there are."""

    user_ids: tuple[UserId, ...]
    names: tuple[str, ...]
    total_count: int


async def read_granters(
    reader: Reader, account: AskedAccount, facts: Facts, permission: Permission
) -> Granters | None:
    """Who could give the subject access. None where the asker may not see the members there."""
    place = place_of_remedy(facts, permission)
    if not (place.shows(Permission.MEMBERS_READ) and facts.account.shows(Permission.MEMBERS_READ)):
        return None
    managing = Permission.MEMBERS_WRITE if facts.subject.api_key_id is None else Permission.API_KEYS_WRITE
    values = {"master_id": account.master_id, "account_id": account.id, "place_id": place.id}
    rows = await reader.rows(_statement(managing, permission), values)
    return Granters(
        tuple(UserId(row["id"]) for row in rows),
        tuple(row["name"] for row in rows),
        rows[0]["total_count"] if rows else 0,
    )


@cache
def _statement(managing: Permission, permission: Permission) -> Select[Any]:
    candidate = _candidates()
    place, asked = accounts.alias("place"), accounts.alias("asked")
    held_at_place = mask_of_account(place, _grants_of(candidate))
    held = mask_of_account(asked, _grants_of(candidate))
    usable = held_at_place.c.mask.op("&")(status_mask(place))
    manages = allows(usable, managing)
    if managing is Permission.API_KEYS_WRITE:
        manages = and_(manages, keys_are_made_by(_grants_of(candidate), place))
    return (
        select(users.c.id, users.c.name, func.count().over().label("total_count"))
        .select_from(
            candidate.join(users, users.c.id == candidate.c.user_id)
            .join(place, _is(place, "place_id"))
            .join(asked, _is(asked, "account_id"))
            .join(held_at_place, true())
            .join(held, true())
        )
        .where(
            allows(held_at_place.c.mask, Permission.ACCOUNT_READ),
            manages,
            allows(held.c.mask, permission),
        )
        .order_by(users.c.sort_key, users.c.id)
        .limit(MOST_GRANTERS)
    )


def _candidates() -> CTE:
    """Everybody with a role in the account or above it. Guests can give nothing."""
    closure = account_closure.alias()
    on_path = in_tree(closure, memberships, ancestor_id="account_id")
    members = (
        select(memberships.c.user_id)
        .select_from(memberships.join(closure, on_path))
        .where(
            closure.c.master_id == _bound("master_id"),
            closure.c.descendant_id == _bound("account_id"),
            membership_holds(),
        )
    )
    return members.distinct().cte("candidates")


def _grants_of(candidate: FromClause) -> FromClause:
    """What the candidate holds and may pass on, by reach's own definition."""
    person = select(candidate.c.user_id, null().cast(Uuid).label("api_key_id")).correlate(candidate)
    return lasting_grants(person.subquery("candidate")).subquery("candidate_grants")


def _is(account: FromClause, name: str) -> ColumnElement[bool]:
    return and_(account.c.master_id == _bound("master_id"), account.c.id == _bound(name))


def _bound(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=Uuid())
