"""Enums of the area, as GraphQL shows them."""

from models.roles.tables import Effect, Relation
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        Effect,
        {"ALLOW": "What it names is allowed.", "DENY": "What it names is denied, whatever else allows it."},
        name="PolicyEffect",
    ),
    EnumDescription(
        Relation,
        {
            "MEMBER": "The role is held in that very account.",
            "ANCESTOR": "The role is held in an account above it.",
            "INHERITED": "The same, where the account above passes all of its roles down.",
        },
        name="PolicyRelation",
    ),
)
