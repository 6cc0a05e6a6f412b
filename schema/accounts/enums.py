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
            "NAME": "By name, ignoring case.",
            "NAME_DESC": "By name, backwards, ignoring case.",
        },
    ),
    EnumDescription(
        AccountStatus,
        {
            "ACTIVE": "In use.",
            "SUSPENDED": "It can be read, but not changed until it is resumed.",
            "CLOSED": "Closed for good. It can still be read.",
        },
    ),
    EnumDescription(
        ApiKeyCreationPlace,
        {
            "ANYWHERE": "Anybody with API_KEYS_WRITE in the key's account can create it.",
            "MASTER_ONLY": "Only callers with API_KEYS_WRITE through the master account create keys. Others "
            "can rotate and revoke them.",
        },
    ),
    EnumDescription(
        RightsInheritance,
        {
            "ADMINISTRATORS": "Only owners and administrators.",
            "ALL_ROLES": "Every role, as far as its policy gives rights below.",
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
