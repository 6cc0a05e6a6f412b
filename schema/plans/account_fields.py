"""An account's plan."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection, to_one
from resolvers.plans import reads as plan_reads
from schema.plans.types import Plan, Subscription


@strawberry.type
class AccountFields:
    subscription: Subscription | None = to_one(plan_reads.subscription_of, requires=Permission.PLAN_READ)
    next_own_plan: Plan | None = to_one(plan_reads.waiting_plan_of, requires=Permission.PLAN_READ)
    plans: Connection[Plan] | None = connection(
        plan_reads.on_offer, order=plan_reads.BY_PRICE, requires=Permission.PLAN_READ
    )
