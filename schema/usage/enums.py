"""Enums of the area, as GraphQL shows them."""

from resolvers.usage.reads import UsageCycle
from resolvers.usage.warnings import UsageAction, UsageWarning
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        UsageAction,
        {
            "LIMIT_INCREASE": "`limitIncrease`: more contacts and sends for this billing cycle.",
            "PLAN_CHANGE": "`planChange`: a larger plan is on offer.",
            "SEND_BUDGET_UPDATE": "`sendBudgetUpdate`: a higher cap, set by an account above.",
            "CREDIT_TOP_UP": "`creditTopUp`: more credit in the pool.",
        },
    ),
    EnumDescription(UsageCycle, {"CURRENT": "The current one.", "PREVIOUS": "The one before it."}),
    EnumDescription(
        UsageWarning,
        {
            "CONTACTS_NEAR_LIMIT": "At least four fifths of the contact limit are active.",
            "CONTACT_LIMIT_REACHED": "No more contacts can become active. Active contacts can still be sent "
            "to.",
            "SENDS_NEAR_LIMIT": "At least four fifths of the plan's sends are used.",
            "SEND_LIMIT_REACHED": "The plan's sends are used up, and it has no sends beyond.",
            "BEYOND_PLAN": "The plan's sends are used up. Each further send has a price.",
            "SEND_CAP_REACHED": "A cap on the sends of this account, or of one above it, is reached.",
            "CREDIT_LOW": "The credit for sends beyond the plan will not last until the cycle ends.",
            "CREDIT_USED_UP": "The credit does not pay for another send.",
        },
    ),
)
