"""The change log of an account."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.audit import reads
from schema.audit.enums import ENUMS
from schema.audit.types import Event
from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution(look_ups={Kind.EVENT: LookUp(Event, reads.by_id)}, enums=ENUMS)
