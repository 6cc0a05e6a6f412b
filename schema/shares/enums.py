"""Enums of the area, as GraphQL shows them."""

from resolvers.shares.reads import ShareStatus
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        ShareStatus,
        {
            "PENDING": "Not accepted yet.",
            "ACTIVE": "Accepted: it gives access.",
            "REVOKED": "Revoked, given up, or replaced by a newer one.",
            "EXPIRED": "The share, or its link, has expired.",
            "DECLINED": "Declined.",
            "LAPSED": "It was not accepted, and nobody can accept it at the moment; `lapse` gives the "
            "reason.",
        },
    ),
)
