"""People: sign-up, sign-in, passwords, and verification of e-mail addresses."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.people import reads
from schema.fields.contribution import Contribution
from schema.people.mailbox_mutations import MailboxMutation
from schema.people.mutations import SessionMutation
from schema.people.profile_mutations import ProfileMutation
from schema.people.queries import ViewerQuery
from schema.people.types import User

CONTRIBUTION = Contribution(
    queries=(ViewerQuery,),
    mutations=(SessionMutation, MailboxMutation, ProfileMutation),
    look_ups={Kind.USER: LookUp(User, reads.by_id)},
)
