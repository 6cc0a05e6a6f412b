"""Enums of the area, as GraphQL shows them."""

from resolvers.effects.event_kinds import EventKind
from schema.fields.enum_publishing import EnumDescription

ENUMS = (EnumDescription(EventKind, {member.name: str(member.value) for member in EventKind}),)
