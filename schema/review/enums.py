"""Enums of the area, as GraphQL shows them."""

from models.review.tables import ReviewStatus
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        ReviewStatus,
        {
            "OPEN": "Not decided yet.",
            "APPROVED": "The sample was approved: the account may send.",
            "DECLINED": "The sample was declined; `reason` says why. Another review can be requested.",
            "REVOKED": "It was approved, and the approval was ended later; `reason` says why. Another review "
            "can be requested.",
            "WITHDRAWN": "The account was closed before it was decided.",
        },
    ),
)
