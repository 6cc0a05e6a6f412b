"""Enums of the area, as GraphQL shows them."""

from models.accounts.tables import ParentAccess
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        ParentAccess,
        {
            "FULL": "All of them hold (R45).",
            "READ_ONLY": "Those that read, and ACCOUNT_SUSPEND.",
            "BREAK_GLASS": "ACCOUNT_READ and ACCOUNT_SUSPEND; all of them for a person who breaks the glass, "
            "by `breakGlassOpen`, for at most 24 hours.",
            "NONE": "ACCOUNT_READ and ACCOUNT_SUSPEND alone.",
        },
    ),
)
