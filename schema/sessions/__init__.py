"""Sessions: a person's own, and how long they last in a tree."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.sessions import reads
from schema.fields.contribution import Contribution
from schema.sessions.mutations import OwnSessionMutation
from schema.sessions.types import Session

CONTRIBUTION = Contribution(
    mutations=(OwnSessionMutation,),
    look_ups={Kind.SESSION: LookUp(Session, reads.by_id)},
)
