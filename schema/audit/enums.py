"""Enums of the area, as GraphQL shows them."""

from resolvers.audit.order import EventOrder
from resolvers.effects.event_types import EventType
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(EventType, {member.name: str(member.value) for member in EventType}),
    EnumDescription(
        EventOrder,
        {
            "NEWEST_FIRST": "The newest event first.",
            "OLDEST_FIRST": "The oldest event first, for who follows the log.",
        },
    ),
)
