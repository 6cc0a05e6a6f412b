"""SCIM: the groups of a company's directory."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.scim import reads
from schema.fields.contribution import Contribution
from schema.scim.mutations import ScimMutation
from schema.scim.types import ScimGroup

CONTRIBUTION = Contribution(
    mutations=(ScimMutation,), look_ups={Kind.SCIM_GROUP: LookUp(ScimGroup, reads.by_id)}
)
