"""Enums of the area, as GraphQL shows them."""

from models.roles.tables import Effect, Relation
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        Effect,
        {
            "ALLOW": "The line allows its area and action.",
            "DENY": "The line denies its area and action, whatever other lines allow.",
        },
        name="PolicyEffect",
    ),
    EnumDescription(
        Relation,
        {
            "MEMBER": "The role belongs to the account itself.",
            "ANCESTOR": "The role belongs to an account above.",
            "INHERITED": "The role belongs to an account above that passes all its roles down.",
        },
        name="PolicyRelation",
    ),
)
