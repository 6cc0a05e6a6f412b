"""Access reviews: who and what from outside shall keep its access."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.access_review import reads
from schema.access_review.enums import ENUMS
from schema.access_review.mutations import AccessReviewMutation
from schema.access_review.types import AccessReview, AccessReviewItem
from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution(
    mutations=(AccessReviewMutation,),
    enums=ENUMS,
    look_ups={
        Kind.ACCESS_REVIEW: LookUp(AccessReview, reads.by_id),
        Kind.ACCESS_REVIEW_ITEM: LookUp(AccessReviewItem, reads.item_by_id),
    },
)
