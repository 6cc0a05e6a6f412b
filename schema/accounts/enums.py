"""Enums of the area, as GraphQL shows them."""

from models.accounts.tables import (
    AccountKind,
    AccountStatus,
    ApiKeyCreationPlace,
    Currency,
    RightsInheritance,
)
from resolvers.accounts.reads import AccountOrder
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        AccountKind, {"MASTER": "The root of a tree.", "SUBACCOUNT": "Managed by the account above it."}
    ),
    EnumDescription(
        AccountOrder,
        {
            "CREATED": "Oldest first.",
            "CREATED_DESC": "Newest first.",
            "NAME": "By name, whatever its case.",
            "NAME_DESC": "By name, backwards.",
        },
    ),
    EnumDescription(
        AccountStatus,
        {
            "ACTIVE": "In use.",
            "SUSPENDED": "Can be read, not changed, until it is resumed.",
            "CLOSED": "Ended for good; can still be read.",
        },
    ),
    EnumDescription(
        ApiKeyCreationPlace,
        {
            "ANYWHERE": "By who holds API_KEYS_WRITE in the key's account.",
            "MASTER_ONLY": "By who holds it from the master account; others rotate and revoke (R13).",
        },
    ),
    EnumDescription(
        RightsInheritance,
        {
            "ADMINISTRATORS": "Owners and administrators only (R45).",
            "ALL_ROLES": "Every role, with what the policy gives it below (R66, R73).",
        },
    ),
    EnumDescription(
        Currency,
        {
            "EUR": "Euro.",
            "USD": "US dollar.",
            "GBP": "Pound sterling.",
            "CHF": "Swiss franc.",
            "SEK": "Swedish krona.",
            "NOK": "Norwegian krone.",
            "DKK": "Danish krone.",
            "PLN": "Polish zloty.",
            "CAD": "Canadian dollar.",
            "AUD": "Australian dollar.",
        },
    ),
)
