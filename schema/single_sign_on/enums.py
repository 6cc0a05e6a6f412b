"""Enums of the area, as GraphQL shows them."""

from models.single_sign_on.tables import SingleSignOnEnforcement
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        SingleSignOnEnforcement,
        {
            "OPTIONAL": "People of the sign-in domains can also use a password.",
            "REQUIRED": "They cannot, except for the owners that are named.",
        },
    ),
)
