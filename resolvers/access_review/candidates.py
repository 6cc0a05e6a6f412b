"""Who and what an access review asks about."""

import datetime
import uuid
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Uuid,
    and_,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
)

from authz.callers.principals import Principal, key_lives
from authz.guards.exclusive import Authorized
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from authz.reach.grants import active_memberships, membership_holds, share_holds
from authz.reach.reach import account_where
from engine.writes.sessions import WriteSession
from models.access_review.tables import ReviewedKind, access_reviews
from models.accounts.tables import account_closure
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys
from models.base.ids import AccountId
from models.domains.tables import DomainKind, DomainStatus, domains
from models.members.tables import memberships
from models.people.devices import devices
from models.people.sessions import sessions
from models.people.users import users
from models.shares.tables import share_accounts, shares
from resolvers.people.devices import KNOWN_FOR

UNUSED_FOR = datetime.timedelta(days=90)


class Candidate(NamedTuple):
    """A membership, a share in one of its accounts, or a key. `user_id`: the member or guest."""

    account_id: AccountId
    kind: ReviewedKind
    subject_id: uuid.UUID
    user_id: uuid.UUID | None
    unused: bool


async def candidates(
    session: WriteSession, principal: Principal, account: Authorized, most: int
) -> list[Candidate]:
    """What is asked about in the account and below it, as far as the caller holds ACCOUNT_TRANSFER; at most
    so many. Accounts whose review goes on are left out: they are asked already."""
    found = union_all(_members(account), _shares(account), _keys(account)).subquery("asked")
    ordered = select(found).order_by(found.c.account_id, found.c.kind, found.c.subject_id).limit(most)
    rows = await session.execute(ordered, principal.credentials.binds)
    return [Candidate(row[0], ReviewedKind(row[1]), *row[2:]) for row in rows]


def _members(account: Authorized) -> Select[Any]:
    """Those from outside: neither an owner, nor with a role above, nor with an address of the company."""
    above, path = active_memberships(), account_closure.alias()
    holds_above = exists(
        select(above.c.id)
        .join(path, in_tree(path, above, ancestor_id="account_id"))
        .where(
            in_tree(path, memberships, descendant_id="account_id"),
            above.c.user_id == memberships.c.user_id,
            path.c.depth > 0,
        )
        .correlate(memberships)
    )
    return select(
        memberships.c.account_id,
        literal_column(f"'{ReviewedKind.MEMBER.value}'").label("kind"),
        memberships.c.id.label("subject_id"),
        memberships.c.user_id,
        _person_unused(memberships, memberships.c.joined_at).label("unused"),
    ).where(
        memberships.c.role_id != BuiltinRole.OWNER.id,
        membership_holds(),
        ~holds_above,
        ~_of_the_company(memberships),
        _is_asked(memberships, account),
    )


def _shares(account: Authorized) -> Select[Any]:
    return (
        select(
            share_accounts.c.account_id,
            literal_column(f"'{ReviewedKind.SHARE.value}'"),
            shares.c.id,
            shares.c.user_id,
            _person_unused(shares, shares.c.accepted_at),
        )
        .join(share_accounts, in_tree(share_accounts, shares, share_id="id"))
        .where(share_holds(shares), _is_asked(share_accounts, account))
    )


def _keys(account: Authorized) -> Select[Any]:
    used_at = func.coalesce(api_keys.c.last_used_at, api_keys.c.created_at)
    return select(
        api_keys.c.account_id,
        literal_column(f"'{ReviewedKind.API_KEY.value}'"),
        api_keys.c.id,
        null().cast(Uuid),
        used_at < func.now() - UNUSED_FOR,
    ).where(key_lives(api_keys), _is_asked(api_keys, account))


def _of_the_company(member: FromClause) -> ColumnElement[bool]:
    """Whether the person's verified address is of a domain that the tree has proved for signing in."""
    return exists(
        select(domains.c.id)
        # Named, because a join to the member's person alone would begin at any member's.
        .select_from(domains)
        .join(users, users.c.id == member.c.user_id)
        .where(
            in_tree(domains, member),
            domains.c.kind == DomainKind.SIGN_IN.value,
            domains.c.status == DomainStatus.VERIFIED.value,
            users.c.email_verified_at.is_not(None),
            domains.c.ascii_name == func.split_part(users.c.email_canonical, "@", 2),
        )
        .correlate(member)
    )


def _person_unused(grant: FromClause, since: ColumnElement[datetime.datetime]) -> ColumnElement[bool]:
    """Whether the person has had the access for so long and did not use the platform. A device is known for a
    time after each sign-in, so it tells of sessions that are deleted."""
    begin = func.now() - UNUSED_FOR
    seen = exists(
        select(sessions.c.id)
        .where(sessions.c.user_id == grant.c.user_id, sessions.c.last_seen_at >= begin)
        .correlate(grant)
    )
    signed_in = exists(
        select(devices.c.id)
        .where(devices.c.user_id == grant.c.user_id, devices.c.expires_at >= begin + KNOWN_FOR)
        .correlate(grant)
    )
    return and_(since < begin, ~or_(seen, signed_in))


def _is_asked(rows: FromClause, account: Authorized) -> ColumnElement[bool]:
    path, open_review = account_closure.alias(), access_reviews.alias()
    below = exists(
        select(path.c.depth)
        .where(
            in_tree(path, rows, descendant_id="account_id"),
            path.c.ancestor_id == literal(account.account_id, Uuid),
        )
        .correlate(rows)
    )
    asked = exists(
        select(open_review.c.id)
        .where(in_tree(open_review, rows, account_id="account_id"), open_review.c.work_due_at.is_not(None))
        .correlate(rows)
    )
    return and_(
        rows.c.master_id == account.master_id,
        below,
        ~asked,
        account_where(rows, Permission.ACCOUNT_TRANSFER),
    )
