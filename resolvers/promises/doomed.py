"""The promises that an open offer would break once it is accepted, as those see them who see both."""

from typing import Any

from sqlalchemy import FromClause, Select, any_, select

from authz.offers.broken_promises import (
    INVITATION,
    OWNERSHIP_OFFER,
    PARENT_ACCESS_REQUEST,
    SHARE,
    OfferKind,
)
from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from models.promises.tables import access_promises

MOST_SHOWN = 20


def of_invitation(invitation: FromClause) -> Select[Any]:
    """The promises that accepting it would break, of accounts whose members you may see: the 20 oldest. As
    long as one holds, it cannot be accepted. Empty once it is answered."""
    return _broken_by(INVITATION, invitation)


def of_share(share: FromClause) -> Select[Any]:
    """The promises that accepting it would break, of accounts whose members you may see: the 20 oldest. As
    long as one holds, it cannot be accepted. Empty once it is answered."""
    return _broken_by(SHARE, share)


def of_ownership_offer(offer: FromClause) -> Select[Any]:
    """The promises that accepting it would break, of accounts whose members you may see: the 20 oldest. They
    are about what the new owner would gain, and what the previous one would keep as an administrator.
    It can be accepted with a reason in the request's extensions, if an owner has offered it, or offered it
    again, with a reason since they were made."""
    return _broken_by(OWNERSHIP_OFFER, offer)


def of_parent_access_request(request: FromClause) -> Select[Any]:
    """The promises that accepting it would break, of accounts whose members you may see: the 20 oldest. As
    long as one holds, it cannot be accepted. Where the parent asks, promises of the account itself are left
    out, as its owner can accept for the reason of the request."""
    return _broken_by(PARENT_ACCESS_REQUEST, request)


def _broken_by(kind: OfferKind, offer: FromClause) -> Select[Any]:
    promise = access_promises.alias()
    broken = promise.c.id == any_(kind.broken(offer))
    seen = account_where(promise, Permission.MEMBERS_READ)
    return select(*promise.c).where(broken, seen).order_by(promise.c.id).limit(MOST_SHOWN)
