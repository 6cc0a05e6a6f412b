"""Shares, as givers and takers see them."""

import enum
from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, case, exists, func, null, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from authz.callers.tokens import TokenKind, digest
from authz.offers.acceptance import share_lapse
from authz.policy.permissions import Permission
from authz.reach.grants import share_holds
from authz.reach.reach import PRINCIPAL, account_where, readable_account
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.accounts.tables import accounts
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.people.users import users
from models.roles.tables import roles
from models.shares.tables import share_accounts, shares
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.inputs.people_search import SearchOfPeople, finds_person, is_in_address
from resolvers.rows.shown import name_of_person_or_key, person_behind, role_behind
from resolvers.rows.subtrees import IncludeDescendants, belongs_to


class ShareStatus(enum.Enum):
    """The status of a share."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    DECLINED = "DECLINED"
    LAPSED = "LAPSED"


BY_ID = Order("shares", (shares.c.id,), descending=True)
"""Newest first."""


def status_of(share: FromClause) -> ColumnElement[str]:
    """The status now. `lapse` explains LAPSED."""
    return case(
        (share.c.declined, ShareStatus.DECLINED.value),
        (share.c.revoked_at.is_not(None), ShareStatus.REVOKED.value),
        (share.c.expires_at <= func.now(), ShareStatus.EXPIRED.value),
        (share.c.user_id.is_not(None), ShareStatus.ACTIVE.value),
        (share.c.link_expires_at <= func.now(), ShareStatus.EXPIRED.value),
        (share_lapse(share).is_not(None), ShareStatus.LAPSED.value),
        else_=ShareStatus.PENDING.value,
    )


def lapse_of(share: FromClause) -> ColumnElement[str]:
    """Why it is LAPSED; null otherwise. It becomes PENDING again when the reason goes away."""
    return case((status_of(share) == ShareStatus.LAPSED.value, share_lapse(share)), else_=null())


def of_account(
    account: FromClause,
    status: Annotated[ShareStatus | None, Described("Only those with this status.")] = None,
    search: SearchOfPeople = None,
    user_id: Annotated[
        Annotated[Id, of_kind(Kind.USER)] | None,
        Described("Only shares that this person has accepted, by `User.id`."),
    ] = None,
    include_descendants: IncludeDescendants = False,
) -> Select[Any]:
    """The shares that include the account, newest first."""
    share, opened = shares.alias(), share_accounts.alias()
    listed = belongs_to(opened, account, Permission.MEMBERS_READ, include_descendants=include_descendants)
    opens = exists(
        select(opened.c.share_id)
        .where(in_tree(opened, share, share_id="id"), listed)
        .correlate(share, account)
    )
    statement = select(*share.c).where(in_tree(share, account), opens)
    if user_id is not None:
        statement = statement.where(share.c.user_id == user_id)
    if search is not None:
        given_to = is_in_address(search, share.c.email_canonical)
        statement = statement.where(given_to | finds_person(search, share))
    return statement if status is None else statement.where(status_of(share) == status.value)


def of_viewer(viewer: FromClause) -> Select[Any]:
    """The shares that you have accepted and that are in effect, newest first."""
    share = shares.alias()
    return select(*share.c).where(share.c.user_id == viewer.c.user_id, share_holds(share))


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.SHARE)]) -> Select[Any]:
    """A share that was given to the viewer, or one of an account whose members the viewer may see."""
    share = shares.alias()
    return select(*share.c).where(share.c.id == id, _may_see(share))


def of_result(result: FromClause) -> Select[Any]:
    """The share after the change."""
    share = shares.alias()
    return select(*share.c).where(share.c.id == result.c.share_id, _may_see(share))


def _may_see(share: FromClause) -> ColumnElement[bool]:
    return _managed(share) | (share.c.user_id == select(PRINCIPAL.c.user_id).scalar_subquery())


def _managed(share: FromClause) -> ColumnElement[bool]:
    """Whether the viewer may see the members of one of its accounts."""
    opened = share_accounts.alias()
    return exists(
        select(opened.c.account_id)
        .where(in_tree(opened, share, share_id="id"), account_where(opened, Permission.MEMBERS_READ))
        .correlate(share)
    )


def accounts_of(share: FromClause) -> Select[Any]:
    """The shared accounts within your reach."""
    account, statement = readable_account()
    opened = share_accounts.alias()
    opens = in_tree(opened, account, account_id="id")
    return statement.join(opened, opens).where(in_tree(opened, share, share_id="id"))


def role_of(share: FromClause) -> Select[Any]:
    """The role that it gives; null if it gives areas."""
    return role_behind(share)


def user_of(share: FromClause) -> Select[Any]:
    """The person who accepted it."""
    return person_behind(share)


def giver_of(share: FromClause) -> Select[Any]:
    """The person who gave it, or who changed it last; null if an API key did, or if you may not see the
    members."""
    person = users.alias()
    itself = person.c.id == select(PRINCIPAL.c.user_id).scalar_subquery()
    return select(*person.c).where(person.c.id == share.c.giver_user_id, itself | _managed(share))


def giver_name(share: FromClause) -> ColumnElement[str]:
    """The name of that person or API key."""
    return name_of_person_or_key(share, "giver_user_id", "giver_api_key_id")


def share_preview(token: str) -> Select[Any]:
    """What the holder of a link may know before accepting: no row where it cannot be accepted, else
    (account_names, giver_name, role_name, areas, hidden_areas, email, link_expires_at)."""
    names = func.array_agg(aggregate_order_by(accounts.c.name, accounts.c.id))
    opened = (
        select(names)
        .join(
            share_accounts,
            in_tree(share_accounts, accounts, account_id="id"),
        )
        .where(in_tree(share_accounts, shares, share_id="id"))
        .scalar_subquery()
    )
    return (
        select(
            opened.label("account_names"),
            users.c.name.label("giver_name"),
            roles.c.name.label("role_name"),
            roles.c.description.label("role_description"),
            shares.c.areas,
            shares.c.hidden_areas,
            shares.c.email,
            shares.c.link_expires_at.label("expires_at"),
        )
        .outerjoin(roles, roles.c.id == shares.c.role_id)
        .outerjoin(users, users.c.id == shares.c.giver_user_id)
        .where(
            shares.c.digest == digest(token, TokenKind.SHARE),
            status_of(shares) == ShareStatus.PENDING.value,
        )
    )
