"""Plans, and what the current one allows in the current billing cycle."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.plans import reads
from schema.fields.contribution import Contribution
from schema.plans.types import Plan

CONTRIBUTION = Contribution(look_ups={Kind.PLAN: LookUp(Plan, reads.by_id)})
