"""Who asks, and what was granted to them: looked up once for each request."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, func, literal, null, or_, select, text, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.usual.tables import (
    ALL,
    Account,
    ApiKey,
    Membership,
    Opening,
    Session,
    Share,
    ShareAccount,
)


@dataclass(frozen=True)
class Grant:
    """A role in an account, with the most that it gives there and below; without a role it gives just that.
    `below`: the relation in which the role is held to accounts below."""

    master_id: UUID
    account_id: UUID
    role: str | None
    below: str
    own_limit: int
    below_limit: int


@dataclass(frozen=True)
class Principal:
    """A person or an API key."""

    user_id: UUID | None
    api_key_id: UUID | None
    grants: Sequence[Grant]


async def principal_of(session: AsyncSession, authorization: str | None, address: str) -> Principal:
    """Raises ValueError for nobody."""
    token = (authorization or "").removeprefix("Bearer ")
    digest = hashlib.sha256(token.encode()).digest()
    is_person = token.startswith("mds_")
    rows = (await session.execute(_person(digest) if is_person else _key(digest, address))).all()
    if not rows:
        raise ValueError("The token is not valid.")
    grants = [Grant(row[1], row[2], row[3] and str(row[3]), *row[4:]) for row in rows if row[1] is not None]
    who: UUID = rows[0][0]
    return Principal(who if is_person else None, None if is_person else who, grants)


_below = case((Account.rights_inheritance == "ALL_ROLES", "inherited"), else_="ancestor")


def _person(digest: bytes) -> Select[Any]:
    """A row for each grant; one with NULLs where there is none."""
    who = select(Session.user_id).where(Session.digest == digest, Session.expires_at > func.now()).cte()
    grants = union_all(_memberships(who), _shares(who), _openings(who)).subquery()
    return select(who.c.user_id, grants).select_from(who).outerjoin(grants, true())


def _memberships(who: Any) -> Select[Any]:
    limit = case((Membership.below_limit_until > func.now(), Membership.below_limit), else_=ALL)
    return (
        select(Membership.master_id, Membership.account_id, Membership.role_id, _below, literal(ALL), limit)
        .join(who, Membership.user_id == who.c.user_id)
        .join(Account, and_(Account.master_id == Membership.master_id, Account.id == Membership.account_id))
        .where(or_(Membership.expires_at.is_(None), Membership.expires_at > func.now()))
    )


def _shares(who: Any) -> Select[Any]:
    areas = case((Share.role_id.is_(None), Share.areas_mask), else_=ALL)
    limit = areas.op("&")(Share.hidden_mask.op("#")(ALL))
    held = and_(ShareAccount.master_id == Share.master_id, ShareAccount.share_id == Share.id)
    return (
        select(
            Share.master_id, ShareAccount.account_id, Share.role_id, literal("ancestor"), limit, literal(0)
        )
        .join(who, Share.user_id == who.c.user_id)
        .join(ShareAccount, held)
        .where(Share.revoked_at.is_(None), or_(Share.expires_at.is_(None), Share.expires_at > func.now()))
    )


def _openings(who: Any) -> Select[Any]:
    """What the database's own function gives."""
    given = func.break_glass_grants(Opening.master_id, Opening.account_id, Opening.user_id)
    opened = given.table_valued("from_id", "mask").lateral()
    return (
        select(
            *(
                Opening.master_id,
                Opening.account_id,
                null(),
                literal("ancestor"),
                opened.c.mask,
                opened.c.mask,
            )
        )
        .join(who, Opening.user_id == who.c.user_id)
        .join(opened, true())
        .where(Opening.ended_at.is_(None), Opening.expires_at > func.now())
    )


def _key(digest: bytes, address: str) -> Select[Any]:
    """The key's only grant."""
    earlier = and_(ApiKey.previous_digest == digest, ApiKey.previous_expires_at > func.now())
    scopes = ApiKey.scopes
    return (
        select(ApiKey.id, ApiKey.master_id, ApiKey.account_id, ApiKey.role_id, _below, scopes, scopes)
        .join(Account, and_(Account.master_id == ApiKey.master_id, Account.id == ApiKey.account_id))
        .where(
            or_(ApiKey.digest == digest, earlier),
            ApiKey.revoked_at.is_(None),
            or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now()),
            or_(ApiKey.when_maker_loses_access == "KEEP", ~func.api_key_stops(ApiKey.id)),
            or_(func.cardinality(ApiKey.ip_ranges) == 0, text(":address <<= ANY (api_keys.ip_ranges)")),
        )
        .params(address=ip_address(address))
    )
