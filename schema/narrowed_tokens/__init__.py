"""Narrowed tokens: a part of what a session or an API key may do, for an hour at most."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.narrowed_tokens import reads
from schema.fields.contribution import Contribution
from schema.narrowed_tokens.mutations import TokenMutation
from schema.narrowed_tokens.types import NarrowedToken

CONTRIBUTION = Contribution(
    mutations=(TokenMutation,),
    look_ups={Kind.NARROWED_TOKEN: LookUp(NarrowedToken, reads.by_id)},
)
