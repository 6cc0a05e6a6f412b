"""Members: people with a role in an account, and its ownership."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.members import reads
from schema.fields.contribution import Contribution
from schema.members.enums import ENUMS
from schema.members.mutations import MemberMutation
from schema.members.types import Member

CONTRIBUTION = Contribution(
    mutations=(MemberMutation,),
    look_ups={Kind.MEMBER: LookUp(Member, reads.by_id)},
    enums=ENUMS,
)
