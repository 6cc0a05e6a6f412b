"""Enums of the area, as GraphQL shows them."""

from authz.offers.acceptance import OfferLapse
from resolvers.invitations.reads import InvitationStatus
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        InvitationStatus,
        {
            "PENDING": "Not answered yet.",
            "ACCEPTED": "Accepted: it became a membership.",
            "REVOKED": "Revoked, or replaced by a newer one.",
            "EXPIRED": "Not answered in time.",
            "DECLINED": "Declined.",
            "LAPSED": "Nobody can accept it at the moment; `lapse` gives the reason.",
        },
    ),
    EnumDescription(
        OfferLapse,
        {
            "MEMBERSHIP_ENDED": "The offered membership would have expired by now.",
            "ACCOUNT_CLOSED": "The account, or one above it, is closed.",
            "ACCOUNT_SUSPENDED": "The account, or one above it, is suspended.",
            "GIVER_LOST_RIGHT": "Whoever made the offer may not give these rights any more.",
            "PROMISE_BROKEN": "An account has promised since that others alone get these rights: see "
            "`brokenPromises`.",
        },
    ),
)
