"""Enums of the area, as GraphQL shows them."""

from resolvers.shares.reads import ShareStatus
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        ShareStatus,
        {
            "PENDING": "Waits to be accepted.",
            "ACTIVE": "Opens its accounts.",
            "REVOKED": "Was revoked, given back, or replaced by a newer one.",
            "EXPIRED": "Its time, or that of its link, is over.",
            "DECLINED": "Was answered with no.",
            "LAPSED": "It was not accepted, and nobody can as things are; `lapse` says why.",
        },
    ),
)
