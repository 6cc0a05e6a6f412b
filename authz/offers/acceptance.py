"""Why an open invitation or share cannot be accepted now (T14).

Lists, the preview of a link and the acceptance call the same stored functions, `invitation_lapse` and
`share_lapse`, which are written from the expressions here.
"""

import datetime
import enum

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    Text,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
)

from authz.offers.broken_promises import INVITATION, SHARE
from authz.offers.rows import giver_row, offer_row
from authz.policy.permissions import Permission, mask_literal
from authz.policy.refusals import Refusal, RefusalCode
from authz.reach.ends import FOREVER
from authz.reach.grants import below_mask, grant_rows, share_mask
from authz.reach.reach import mask_of_account
from authz.reach.status import effective_status
from models.accounts.tables import AccountStatus, accounts
from models.accounts.trees import in_tree
from models.invitations.tables import invitations
from models.roles.tables import roles
from models.shares.tables import share_accounts, shares


class OfferLapse(enum.Enum):
    """Why nobody can accept an open offer at the moment."""

    MEMBERSHIP_ENDED = "MEMBERSHIP_ENDED"
    ACCOUNT_CLOSED = "ACCOUNT_CLOSED"
    ACCOUNT_SUSPENDED = "ACCOUNT_SUSPENDED"
    GIVER_LOST_RIGHT = "GIVER_LOST_RIGHT"
    PROMISE_BROKEN = "PROMISE_BROKEN"


def invitation_lapse(invitation: FromClause) -> ColumnElement[str]:
    """Why an open invitation cannot be accepted (an OfferLapse). NULL: it can."""
    return func.invitation_lapse(invitation.c.master_id, invitation.c.id, type_=Text())


def share_lapse(share: FromClause) -> ColumnElement[str]:
    """Why a share that waits cannot be accepted (an OfferLapse). NULL: it can."""
    return func.share_lapse(share.c.master_id, share.c.id, type_=Text())


def check_not_lapsed(lapse: str | None, ended: RefusalCode, withdrawn: RefusalCode) -> None:
    """Raise the refusal to accept an offer that has lapsed: ACCOUNT_SUSPENDED, ACCOUNT_CLOSED, `ended`, or
    `withdrawn` where its giver may not give it any more."""
    if lapse is None:
        return
    match OfferLapse(lapse):
        case OfferLapse.MEMBERSHIP_ENDED:
            raise Refusal(ended, "The offered membership has ended.")
        case OfferLapse.GIVER_LOST_RIGHT:
            raise Refusal(withdrawn)
        case OfferLapse.PROMISE_BROKEN:
            # The check of the change refuses it, in words that name the promise to whoever may know it.
            return
        case found:
            raise Refusal(RefusalCode[found.value])


def lapse_of_invitation() -> Select[tuple[str]]:
    offer, role, account = offer_row(invitations), roles.alias(), accounts.alias()
    giver = giver_row(offer, offer.c.inviter_user_id, offer.c.inviter_api_key_id)
    until = _end(offer, offer.c.member_expires_at)
    granted = mask_of_account(account, grant_rows(giver).cte("giver_grants"), until)
    needed = role.c.member_mask.op("|")(mask_literal(Permission.MEMBERS_WRITE.bit))
    lost = or_(
        lacks(granted.c.lasting_mask, needed),
        lacks(granted.c.below_mask, below_mask(role, account)),
    )
    lapse = case(
        (offer.c.member_expires_at <= func.now(), _text(OfferLapse.MEMBERSHIP_ENDED)),
        *((effective_status(account) == status, lapse) for status, lapse in _BY_STATUS.items()),
        (lost, _text(OfferLapse.GIVER_LOST_RIGHT)),
        (INVITATION.broken(offer).is_not(None), _text(OfferLapse.PROMISE_BROKEN)),
        else_=null(),
    )
    of_offer = in_tree(account, offer, id="account_id")
    return (
        select(lapse)
        .select_from(offer)
        .join(account, of_offer)
        .join(role, role.c.id == offer.c.role_id)
        .join(granted, true())
    )


def lapse_of_share() -> Select[tuple[str]]:
    offer, role, account, opened = offer_row(shares), roles.alias(), accounts.alias(), share_accounts.alias()
    giver = giver_row(offer, offer.c.giver_user_id, offer.c.giver_api_key_id)
    until = _end(offer, offer.c.expires_at)
    granted = mask_of_account(account, grant_rows(giver).cte("giver_grants"), until)
    needed = share_mask(offer, role).op("|")(mask_literal(Permission.MEMBERS_WRITE.bit))
    opens = in_tree(opened, offer, share_id="id")
    of_opened = in_tree(account, opened, id="account_id")
    place = (
        select(effective_status(account).label("status"), lacks(granted.c.lasting_mask, needed).label("lost"))
        .select_from(offer)
        .join(opened, opens)
        .join(account, of_opened)
        .outerjoin(role, role.c.id == offer.c.role_id)
        .join(granted, true())
        .subquery("place")
    )
    return select(
        case(
            *((func.bool_or(place.c.status == status), lapse) for status, lapse in _BY_STATUS.items()),
            (func.bool_or(place.c.lost), _text(OfferLapse.GIVER_LOST_RIGHT)),
            (select(SHARE.broken(offer).is_not(None)).scalar_subquery(), _text(OfferLapse.PROMISE_BROKEN)),
            else_=null(),
        )
    )


def _end(offer: CTE, expires_at: ColumnElement[datetime.datetime]) -> ColumnElement[datetime.datetime]:
    """When what is offered ends. Its giver has to hold it until then."""
    return select(func.coalesce(expires_at, FOREVER)).select_from(offer).scalar_subquery()


def lacks(mask: ColumnElement[int], needed: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether the mask lacks something of what is needed."""
    held = func.coalesce(mask, literal_column("0"))
    return held.op("&")(needed) != needed


def _text(lapse: OfferLapse) -> ColumnElement[str]:
    return literal_column(f"'{lapse.value}'", Text)


_BY_STATUS = {
    AccountStatus.CLOSED.value: _text(OfferLapse.ACCOUNT_CLOSED),
    AccountStatus.SUSPENDED.value: _text(OfferLapse.ACCOUNT_SUSPENDED),
}
