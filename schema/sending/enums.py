"""Enums of the area, as GraphQL shows them."""

from models.sending.tables import ReservationStatus, SendStream
from resolvers.sending.address_hash import RecipientFault
from resolvers.sending.preview import SendWarning
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        RecipientFault,
        {
            "MALFORMED": "It is not an e-mail address, or not a hash.",
            "DUPLICATE": "It is the same as an earlier recipient.",
        },
    ),
    EnumDescription(
        ReservationStatus,
        {
            "RESERVED": "Reserved until it is committed, voided or expires.",
            "COMMITTED": "Committed: the reserved sends and credit are used.",
            "VOIDED": "Voided: the reserved sends and credit were returned.",
            "EXPIRED": "Not committed in time: the reserved sends and credit were returned.",
        },
    ),
    EnumDescription(
        SendStream,
        {
            "MARKETING": "Campaigns. Sending needs CAMPAIGNS_SEND.",
            "TRANSACTIONAL": "Single messages. Sending needs TRANSACTIONAL_SEND.",
        },
    ),
    EnumDescription(
        SendWarning,
        {
            "ACCOUNT_NOT_ACTIVE": "The account, or one above it, is suspended or closed.",
            "REVIEW_REQUIRED": "Platform support has not approved a sample of the account's contacts yet.",
            "NO_RECIPIENTS": "No recipient is left.",
            "CONTACT_LIMIT": "More contacts would become active than the billing cycle allows.",
            "SEND_LIMIT": "More would be sent than the billing cycle allows.",
            "BEYOND_PLAN": "Some sends are beyond the plan and have a price.",
            "SEND_CAP": "More would be sent than the cap of the account, or of one above it, allows.",
            "CREDIT_CAP": "More would be spent than the cap of the account, or of one above it, allows.",
            "INSUFFICIENT_CREDIT": "There is not enough credit for sends beyond the plan.",
        },
    ),
)
