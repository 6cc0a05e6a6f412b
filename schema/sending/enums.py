"""Enums of the area, as GraphQL shows them."""

from models.sending.tables import ReservationStatus, SendStream
from resolvers.inputs.addresses import AddressRule
from resolvers.sending.address_hash import RecipientFault
from resolvers.sending.deliverability import LiftedBy
from resolvers.sending.preview import SendWarning
from resolvers.suppressions.exclusions import Exclusion
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        Exclusion,
        {
            "BLOCK_LIST": "It is on the block list of the account, or of one above it.",
            "UNSUBSCRIBE": "The recipient has unsubscribed.",
            "BOUNCE": "Messages to it bounced for good, or too often.",
        },
    ),
    EnumDescription(
        LiftedBy,
        {
            "BLOCKING_ACCOUNT": "Holders of BLOCK_LIST_WRITE in the account that entered it, with "
            "`blockListRemove`.",
            "RECIPIENT": "The recipient, who subscribes again: `resubscribe`.",
            "NOBODY": "Nobody.",
        },
    ),
    EnumDescription(
        AddressRule,
        {
            "TRIMMED": "Spaces around it were removed.",
            "UNICODE_NORMALIZED": "It was put in Unicode NFKC, as with full-width characters and combining "
            "marks.",
            "CASE_FOLDED": "Its letters became lower case.",
            "IDNA": "Its domain was written as DNS has it.",
            "FORMATTING_REMOVED": "What is no digit was removed from the number.",
            "COUNTRY_ADDED": "The number had no `+`: its country was added.",
            "HASH": "It is a hash. Nothing else is known of it.",
        },
    ),
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
            "SENDING_PAUSED": "What you would send with is paused: see `Account.sendingSources`.",
            "TRIAL_LIMIT": "What you would send with is on trial, and has fewer sends left in this hour.",
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
