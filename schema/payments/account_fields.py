"""How an account pays for credit."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection, to_one
from resolvers.payments import methods as payment_methods
from resolvers.payments import top_up_rules, top_ups
from schema.payments.types import PaymentMethod, TopUp, TopUpRule


@strawberry.type
class AccountFields:
    payment_methods: Connection[PaymentMethod] | None = connection(
        payment_methods.of_account, order=payment_methods.BY_ID, requires=Permission.CREDIT_READ
    )
    top_ups: Connection[TopUp] | None = connection(
        top_ups.of_account, order=top_ups.BY_ID, requires=Permission.CREDIT_READ
    )
    top_up_rule: TopUpRule | None = to_one(top_up_rules.of_account, requires=Permission.CREDIT_READ)
