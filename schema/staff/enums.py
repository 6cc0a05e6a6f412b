"""Enums of the area, as GraphQL shows them."""

from models.staff.overrides import OverrideKind, UnsubscribeScope
from models.staff.tables import StaffRole
from resolvers.staff.overrides import OverrideStatus
from resolvers.staff.subaccounts_requests import SubaccountsRequestStatus
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        OverrideKind,
        {
            "SUBACCOUNTS": "Unlocks subaccounts for the whole tree of a master account.",
            "UNSUBSCRIBE_SCOPE": "What an unsubscribe applies to. Another member of the staff must approve "
            "it.",
            "SENDING_DOMAINS": "The number of sending domains that the account may have.",
            "FIELD_FUNCTIONS": "Whether field functions work in the account and below it.",
            "REVIEW_APPROVED": "The account may send without a review of its contacts. Another member of the "
            "staff must approve it.",
            "USER_RIGHTS": "The most that one member's role gives in the accounts below.",
        },
    ),
    EnumDescription(
        OverrideStatus,
        {
            "WAITING": "Not in force: another member of the staff must approve it.",
            "IN_FORCE": "In force.",
            "EXPIRED": "Expired.",
            "ENDED": "Ended before its expiry.",
        },
    ),
    EnumDescription(
        StaffRole,
        {
            "AGENT": "Creates and ends overrides, and answers requests.",
            "APPROVER": "Also approves overrides that another member of the staff created.",
        },
    ),
    EnumDescription(
        SubaccountsRequestStatus,
        {
            "OPEN": "Not answered yet.",
            "GRANTED": "Subaccounts were unlocked.",
            "DECLINED": "Declined; `declineReason` says why.",
            "WITHDRAWN": "Withdrawn before it was answered.",
        },
    ),
    EnumDescription(
        UnsubscribeScope,
        {
            "ACCOUNT": "The whole account.",
            "LIST": "Only the recipient list concerned.",
        },
    ),
)
