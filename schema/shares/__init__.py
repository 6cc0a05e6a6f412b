"""Shares: accounts of a tree that are opened to a person outside it."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.shares import reads
from schema.fields.contribution import Contribution
from schema.shares.enums import ENUMS
from schema.shares.mutations import ShareMutation
from schema.shares.person_mutations import PersonMutation
from schema.shares.queries import ShareQuery
from schema.shares.types import Share

CONTRIBUTION = Contribution(
    queries=(ShareQuery,),
    mutations=(ShareMutation, PersonMutation),
    look_ups={Kind.SHARE: LookUp(Share, reads.by_id)},
    enums=ENUMS,
)
