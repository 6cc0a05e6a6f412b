"""Offers of ownership, as member managers and the offered member see them."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, select

from authz.offers.ownership import offer_stands
from authz.policy.permissions import Permission
from authz.reach.reach import PRINCIPAL, account_where
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.members.ownership_offers import ownership_offers
from models.members.tables import memberships
from models.people.users import users
from resolvers.members.reads import MEMBERS
from resolvers.rows.shown import account_behind

BY_ACCOUNT = Order("ownershipOffers", (ownership_offers.c.account_id,))
"""By the age of the account."""


def of_account(account: FromClause) -> Select[Any]:
    """The pending offer of ownership to a member; null if there is none."""
    offer = ownership_offers.alias()
    return select(*offer.c).where(in_tree(offer, account, account_id="id"), offer_stands(offer)).limit(1)


def of_viewer(viewer: FromClause) -> Select[Any]:
    """Offers of ownership to you, to accept or decline."""
    offer, taker = ownership_offers.alias(), memberships.alias()
    taken = in_tree(taker, offer, id="to_membership_id")
    return select(*offer.c).join(taker, taken).where(taker.c.user_id == viewer.c.user_id, offer_stands(offer))


def of_result(result: FromClause) -> Select[Any]:
    """The offer after the change; null if it was withdrawn or declined."""
    offer = ownership_offers.alias()
    return select(*offer.c).where(
        offer.c.account_id == result.c.account_id,
        offer_stands(offer),
        account_where(offer, Permission.MEMBERS_READ),
    )


def account_of(offer: FromClause) -> Select[Any]:
    """The account."""
    return account_behind(offer)


def taker_of(offer: FromClause) -> Select[Any]:
    """The member who would become the owner; null for other callers who may not see the members."""
    return _member(offer, offer.c.to_membership_id)


def owner_of(offer: FromClause) -> Select[Any]:
    """The owner who would become an administrator; null if there is none, or if you may not see the
    members."""
    return _member(offer, offer.c.from_membership_id)


def giver_name_of(offer: FromClause) -> ColumnElement[str | None]:
    """The name of the person who made the offer; null for an API key."""
    person = users.alias()
    return (
        select(person.c.name).where(person.c.id == offer.c.giver_user_id).correlate(offer).scalar_subquery()
    )


def _member(offer: FromClause, membership_id: ColumnElement[Any]) -> Select[Any]:
    member = MEMBERS.alias()
    itself = member.c.user_id == select(PRINCIPAL.c.user_id).scalar_subquery()
    return (
        select(*member.c)
        .where(
            in_tree(member, offer),
            member.c.id == membership_id,
            member.c.depth == 0,
            itself | account_where(member, Permission.MEMBERS_READ),
        )
        .limit(1)
    )
