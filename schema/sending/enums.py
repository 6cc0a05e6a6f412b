"""Enums of the area, as GraphQL shows them."""

from models.sending.tables import ReservationStatus, SendStream
from resolvers.sending.address_hash import RecipientFault
from resolvers.sending.preview import SendWarning
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        RecipientFault,
        {"MALFORMED": "No e-mail address, or no hash.", "DUPLICATE": "The same as one before it."},
    ),
    EnumDescription(
        ReservationStatus,
        {
            "RESERVED": "Waits to be committed, until it expires.",
            "COMMITTED": "It is sent; what it holds is used.",
            "VOIDED": "It was not sent; what it held was given back.",
            "EXPIRED": "It was not committed in time; what it held was given back.",
        },
    ),
    EnumDescription(
        SendStream,
        {
            "MARKETING": "Campaigns; needs CAMPAIGNS_SEND.",
            "TRANSACTIONAL": "Single messages; needs TRANSACTIONAL_SEND.",
        },
    ),
    EnumDescription(
        SendWarning,
        {
            "ACCOUNT_NOT_ACTIVE": "The account, or one above it, is suspended or closed.",
            "NO_RECIPIENTS": "Nobody is left to send to.",
            "CONTACT_LIMIT": "More contacts would become active than the cycle has left (R96).",
            "SEND_LIMIT": "More would be sent than the cycle has left (R95).",
            "BEYOND_PLAN": "Some sends are beyond the plan's and have a price.",
            "SEND_CAP": "More would be sent than the cap of the account, or of one above it, has left.",
            "CREDIT_CAP": "More would be spent than the cap of the account, or of one above it, has left.",
            "INSUFFICIENT_CREDIT": "There is not enough credit for sends beyond the plan's.",
        },
    ),
)
