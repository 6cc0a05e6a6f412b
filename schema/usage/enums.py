"""Enums of the area, as GraphQL shows them."""

from resolvers.usage.reads import UsageCycle
from resolvers.usage.warnings import UsageAction, UsageWarning
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        UsageAction,
        {
            "LIMIT_INCREASE": "`limitIncrease`: more contacts and sends for this cycle (R94).",
            "PLAN_CHANGE": "`planChange`: a larger plan is on offer.",
            "SEND_BUDGET_UPDATE": "`sendBudgetUpdate`: a higher cap, set from above.",
            "CREDIT_TOP_UP": "`creditTopUp`: more credit in the pool.",
        },
    ),
    EnumDescription(UsageCycle, {"CURRENT": "The one that runs.", "PREVIOUS": "The one before it."}),
    EnumDescription(
        UsageWarning,
        {
            "CONTACTS_NEAR_LIMIT": "At least four fifths of the contacts are active.",
            "CONTACT_LIMIT_REACHED": "No contact more can become active; those that are can be sent to.",
            "SENDS_NEAR_LIMIT": "At least four fifths of the plan's sends are made.",
            "SEND_LIMIT_REACHED": "The plan's sends are made, and it has none beyond (R95).",
            "BEYOND_PLAN": "The plan's sends are made; each one more has a price.",
            "SEND_CAP_REACHED": "A cap of this account, or of one above it, has nothing left.",
            "CREDIT_LOW": "Credit for sends beyond the plan's will not last until the cycle ends.",
            "CREDIT_USED_UP": "Credit does not pay for one send more.",
        },
    ),
)
