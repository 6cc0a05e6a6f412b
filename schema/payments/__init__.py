"""Payment methods, and top-ups of credit."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.payments import methods, top_ups
from schema.fields.contribution import Contribution
from schema.payments.enums import ENUMS
from schema.payments.mutations import PaymentMutation
from schema.payments.types import PaymentMethod, TopUp

CONTRIBUTION = Contribution(
    mutations=(PaymentMutation,),
    look_ups={
        Kind.PAYMENT_METHOD: LookUp(PaymentMethod, methods.by_id),
        Kind.TOP_UP: LookUp(TopUp, top_ups.by_id),
    },
    enums=ENUMS,
)
