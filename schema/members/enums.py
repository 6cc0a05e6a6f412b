"""Enums of the area, as GraphQL shows them."""

from resolvers.members.reads import MemberRelation
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        MemberRelation,
        {"MEMBER": "The role is held in this account.", "ANCESTOR": "The role is held in one above it."},
    ),
)
