"""Enums of the area, as GraphQL shows them."""

from authz.reach.role_uses import RoleUseKind
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        RoleUseKind,
        {
            "MEMBER": "A member has the role.",
            "INVITATION": "An open invitation offers the role.",
            "API_KEY": "An API key that is not revoked has the role.",
            "SHARE": "A share that is not revoked gives the role.",
        },
    ),
)
