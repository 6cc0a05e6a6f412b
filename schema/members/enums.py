"""Enums of the area, as GraphQL shows them."""

from resolvers.members.reads import MemberRelation
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        MemberRelation,
        {"MEMBER": "The role belongs to this account.", "ANCESTOR": "The role belongs to an account above."},
    ),
)
