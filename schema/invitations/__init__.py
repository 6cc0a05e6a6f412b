"""Invitations: a role in an account, offered to an e-mail address."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.invitations import reads
from schema.fields.contribution import Contribution
from schema.invitations.enums import ENUMS
from schema.invitations.mutations import InvitationMutation
from schema.invitations.queries import InvitationQuery
from schema.invitations.types import Invitation

CONTRIBUTION = Contribution(
    queries=(InvitationQuery,),
    mutations=(InvitationMutation,),
    look_ups={Kind.INVITATION: LookUp(Invitation, reads.by_id)},
    enums=ENUMS,
)
