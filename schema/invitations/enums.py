"""Enums of the area, as GraphQL shows them."""

from authz.offers.acceptance import OfferLapse
from resolvers.invitations.reads import InvitationStatus
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        InvitationStatus,
        {
            "PENDING": "Waits for an answer.",
            "ACCEPTED": "Became a membership.",
            "REVOKED": "Was withdrawn, or replaced by a newer one.",
            "EXPIRED": "Was not answered in time.",
            "DECLINED": "Was answered with no.",
            "LAPSED": "Nobody can accept it as things are; `lapse` says why.",
        },
    ),
    EnumDescription(
        OfferLapse,
        {
            "MEMBERSHIP_ENDED": "The membership that it offers would have ended by now.",
            "ACCOUNT_CLOSED": "The account, or one above it, is closed.",
            "ACCOUNT_SUSPENDED": "The account, or one above it, is suspended.",
            "GIVER_LOST_RIGHT": "Whoever made it may not give that much there any more.",
        },
    ),
)
