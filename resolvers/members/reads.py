"""Members: people with a role in an account, and people who reach it from above.

A member is seen from an account: the same membership is a MEMBER of the account that holds it and an ANCESTOR
of the accounts below. So a member's row is a membership joined to the tree.
"""

import enum
from typing import Annotated, Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    true,
    union_all,
)

from authz.policy.permissions import Permission
from authz.reach.grants import active_memberships, limited_below_mask
from authz.reach.reach import PRINCIPAL, account_where, readable_account
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.roles.tables import roles
from resolvers.inputs.global_ids import Id, MemberIdArgument, of_kind
from resolvers.inputs.people_search import SearchOfPeople, finds_person
from resolvers.rows.shown import account_behind, person_behind, role_behind
from resolvers.rows.subtrees import IncludeDescendants, belongs_to


class MemberRelation(enum.Enum):
    """Whether a role belongs to the account itself or to one above."""

    MEMBER = "MEMBER"
    ANCESTOR = "ANCESTOR"


def _seen(
    member: FromClause, source: FromClause, account_id: ColumnElement[Any], depth: ColumnElement[int]
) -> FromClause:
    return (
        select(
            member.c.id,
            member.c.master_id,
            account_id.label("account_id"),
            member.c.account_id.label("held_in_id"),
            depth.label("depth"),
            member.c.user_id,
            member.c.role_id,
            member.c.joined_at,
            member.c.expires_at,
            member.c.version,
            member.c.below_limit,
            member.c.below_limit_until,
        )
        .select_from(source)
        .subquery("members")
    )


def _member_rows() -> FromClause:
    member, path = active_memberships(), account_closure.alias()
    above = in_tree(path, member, ancestor_id="account_id")
    return _seen(member, member.join(path, above), path.c.descendant_id, path.c.depth)


def _own_member_rows() -> FromClause:
    """The same rows, seen from the account that holds them, without a join to the tree."""
    member = active_memberships()
    return _seen(member, member, member.c.account_id, literal(0))


MEMBERS = _member_rows()
OWN_MEMBERS = _own_member_rows()
BY_ID = Order("members", (MEMBERS.c.id,))
"""Oldest membership first."""


def of_account(
    account: FromClause,
    include_inherited: Annotated[
        bool, Described("Also list people with a role in an account above that applies here.")
    ] = False,
    role_id: Annotated[
        Annotated[Id, of_kind(Kind.ROLE)] | None, Described("Only members with this role.")
    ] = None,
    search: SearchOfPeople = None,
    user_id: Annotated[
        Annotated[Id, of_kind(Kind.USER)] | None, Described("Only this person, by `User.id`.")
    ] = None,
    include_descendants: IncludeDescendants = False,
) -> Select[Any]:
    """The account's members, oldest first."""

    def wanted(member: FromClause, seen: ColumnElement[bool]) -> Select[Any]:
        statement = select(*member.c).where(seen).correlate(account)
        if role_id is not None:
            statement = statement.where(member.c.role_id == role_id)
        if user_id is not None:
            statement = statement.where(member.c.user_id == user_id)
        return statement if search is None else statement.where(finds_person(search, member))

    own, above = OWN_MEMBERS.alias(), MEMBERS.alias()
    listed = wanted(
        own, belongs_to(own, account, Permission.MEMBERS_READ, include_descendants=include_descendants)
    )
    if not include_inherited:
        return listed
    applies = and_(above.c.depth > 0, _mask_from_above(above) != 0)
    inherited = wanted(above, and_(in_tree(above, account, account_id="id"), applies))
    return select(*union_all(listed, inherited).subquery("seen_members").c)


def of_viewer(viewer: FromClause) -> Select[Any]:
    """The accounts that you are a member of yourself, with your roles, oldest membership first. Accounts that
    you only reach from above or by a share are not among them."""
    member = OWN_MEMBERS.alias()
    return select(*member.c).where(member.c.user_id == viewer.c.user_id)


def _mask_from_above(member: FromClause) -> ColumnElement[int]:
    role, holder = roles.alias(), accounts.alias()
    return (
        select(limited_below_mask(member, role, holder))
        .select_from(role.join(holder, true()))
        .where(role.c.id == member.c.role_id, in_tree(holder, member, id="held_in_id"))
        .correlate(member)
        .scalar_subquery()
    )


def by_id(root: FromClause, id: MemberIdArgument) -> Select[Any]:
    """A member, as seen from the account in the id."""
    member, statement = _named(id)
    return statement.where(account_where(member, Permission.MEMBERS_READ))


def person_by_id(id: ColumnElement[str]) -> Select[Any]:
    """The `user_id` of such a member, or of the viewer's own membership."""
    member, statement = _named(id)
    known = statement.where(account_where(member, Permission.MEMBERS_READ) | _is_viewer(member)).subquery()
    return select(known.c.user_id)


def _named(id: ColumnElement[str]) -> tuple[FromClause, Select[Any]]:
    member = MEMBERS.alias()
    membership_id = cast(func.split_part(id, "_", 1), Uuid)
    account_id = cast(func.nullif(func.split_part(id, "_", 2), ""), Uuid)
    return member, select(*member.c).where(
        member.c.id == membership_id,
        member.c.account_id == func.coalesce(account_id, member.c.held_in_id),
        (member.c.depth == 0) | (_mask_from_above(member) != 0),
    )


def of_result(result: FromClause) -> Select[Any]:
    """The member after the change."""
    member = MEMBERS.alias()
    return select(*member.c).where(
        member.c.id == result.c.membership_id,
        member.c.depth == 0,
        account_where(member, Permission.MEMBERS_READ) | _is_viewer(member),
    )


def _is_viewer(member: FromClause) -> ColumnElement[bool]:
    return member.c.user_id == select(PRINCIPAL.c.user_id).scalar_subquery()


def global_id(member: FromClause) -> ColumnElement[str]:
    """The id of the membership. Seen from an account below, it also contains that account."""
    membership = func.concat(f"{Kind.MEMBER}_", cast(member.c.id, Text))
    return case((member.c.depth == 0, membership), else_=func.concat(membership, "_", member.c.account_id))


def relation_of(member: FromClause) -> ColumnElement[str]:
    """MEMBER: the role belongs to this account. ANCESTOR: it belongs to an account above."""
    return case((member.c.depth == 0, MemberRelation.MEMBER.value), else_=MemberRelation.ANCESTOR.value)


def user_of(member: FromClause) -> Select[Any]:
    """The person."""
    return person_behind(member)


def role_of(member: FromClause) -> Select[Any]:
    """The member's role."""
    return role_behind(member)


def account_of(member: FromClause) -> Select[Any]:
    """The account from which the member is seen."""
    return account_behind(member)


def inherited_from(member: FromClause) -> Select[Any]:
    """The account above that the role belongs to; null for the account's own members, and if that account is
    outside your reach."""
    account, statement = readable_account()
    return statement.where(in_tree(account, member, id="held_in_id"), member.c.depth > 0).limit(1)
