"""Roles: built-in ones and the custom ones of a tree."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.roles import reads
from schema.fields.contribution import Contribution
from schema.roles.enums import ENUMS
from schema.roles.mutations import RoleMutation
from schema.roles.types import Role

CONTRIBUTION = Contribution(
    mutations=(RoleMutation,), look_ups={Kind.ROLE: LookUp(Role, reads.by_id)}, enums=ENUMS
)
