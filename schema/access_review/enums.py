"""Enums of the area, as GraphQL shows them."""

from models.access_review.tables import ReviewDecision, ReviewedKind
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        ReviewedKind,
        {
            "MEMBER": "The membership of a person from outside.",
            "SHARE": "A share with a guest, in one of its accounts.",
            "API_KEY": "An API key of the account.",
        },
    ),
    EnumDescription(
        ReviewDecision,
        {
            "CONFIRMED": "It stays.",
            "ENDED": "It has ended: somebody ended it, or nobody confirmed it in time.",
        },
    ),
)
