"""Enums of the area, as GraphQL shows them."""

from models.accounts.tables import ParentAccess
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        ParentAccess,
        {
            "FULL": "All rights apply.",
            "READ_ONLY": "Rights to read, and ACCOUNT_SUSPEND.",
            "BREAK_GLASS": "ACCOUNT_READ and ACCOUNT_SUSPEND; and all rights for a person with a break-glass "
            "opening (`breakGlassOpen`), for at most 24 hours.",
            "NONE": "Only ACCOUNT_READ and ACCOUNT_SUSPEND.",
        },
    ),
)
