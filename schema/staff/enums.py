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
            "SUBACCOUNTS": "Subaccounts are unlocked, for the whole tree of a master account (R11).",
            "UNSUBSCRIBE_SCOPE": "What an unsubscribe holds for (R77); another of the staff approves it.",
            "SENDING_DOMAINS": "How many sending domains the account may have (R80).",
            "FIELD_FUNCTIONS": "Whether field functions work, here and below (R83).",
            "REVIEW_APPROVED": "A sample of the account's recipients passed the quality check (R85, R86); "
            "another of the staff approves it.",
            "USER_RIGHTS": "What one member's role gives in the accounts below at most (R73).",
        },
    ),
    EnumDescription(
        OverrideStatus,
        {
            "WAITING": "Does not hold: somebody else of the staff has to approve it.",
            "IN_FORCE": "Holds.",
            "EXPIRED": "Its time is over.",
            "ENDED": "Was ended before its time.",
        },
    ),
    EnumDescription(
        StaffRole,
        {
            "AGENT": "Makes and ends overrides, answers requests.",
            "APPROVER": "Approves, besides, what somebody else of the staff has made.",
        },
    ),
    EnumDescription(
        SubaccountsRequestStatus,
        {
            "OPEN": "Waits for an answer.",
            "GRANTED": "Subaccounts were unlocked.",
            "DECLINED": "It was declined, for the reason that is told.",
            "WITHDRAWN": "It was taken back before it was answered.",
        },
    ),
    EnumDescription(
        UnsubscribeScope,
        {
            "ACCOUNT": "For the whole account.",
            "LIST": "For the recipient list concerned, and for no other.",
        },
    ),
)
