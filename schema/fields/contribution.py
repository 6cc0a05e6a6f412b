"""What an area adds to the whole schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from schema.fields.enum_publishing import EnumDescription


@dataclass(frozen=True, eq=False)
class Contribution:
    """What one area adds. Its package defines it as `CONTRIBUTION`, and `schema.areas` collects it."""

    queries: Sequence[type] = ()
    """Types whose fields become fields of Query."""
    mutations: Sequence[type] = ()
    """Types whose fields become fields of Mutation."""
    subscriptions: Sequence[type] = ()
    """Types whose fields become fields of Subscription."""
    look_ups: Mapping[Kind, LookUp] = field(default_factory=dict)
    """How the ids of its types are found: what implements Node."""
    enums: Sequence[EnumDescription] = ()
