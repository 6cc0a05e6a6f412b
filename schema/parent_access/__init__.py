"""How far rights held in accounts above apply in an account, and break-glass access."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.parent_access import openings
from schema.fields.contribution import Contribution
from schema.parent_access.enums import ENUMS
from schema.parent_access.mutations import ParentAccessMutation
from schema.parent_access.types import BreakGlassOpening

CONTRIBUTION = Contribution(
    mutations=(ParentAccessMutation,),
    look_ups={Kind.BREAK_GLASS: LookUp(BreakGlassOpening, openings.by_id)},
    enums=ENUMS,
)
