"""Reviews of accounts' contacts by platform staff, which sending may wait for."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.review import reads
from schema.fields.contribution import Contribution
from schema.review.enums import ENUMS
from schema.review.mutations import ReviewMutation
from schema.review.types import Review

CONTRIBUTION = Contribution(
    mutations=(ReviewMutation,),
    look_ups={Kind.REVIEW: LookUp(Review, reads.by_id)},
    enums=ENUMS,
)
