"""The log of an account, as its readers see it."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.effects import log
from schema.audit.enums import ENUMS
from schema.audit.types import Event
from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution(look_ups={Kind.EVENT: LookUp(Event, log.by_id)}, enums=ENUMS)
