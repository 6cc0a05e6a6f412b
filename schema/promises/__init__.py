"""Promises: who shall never have a permission in an account, checked by every later change."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.promises import reads
from schema.fields.contribution import Contribution
from schema.promises.mutations import PromiseMutation
from schema.promises.types import AccessPromise

CONTRIBUTION = Contribution(
    mutations=(PromiseMutation,),
    look_ups={Kind.ACCESS_PROMISE: LookUp(AccessPromise, reads.by_id)},
)
