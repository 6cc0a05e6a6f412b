"""An account's budgets."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.declarations import to_one
from resolvers.budgets import reads as budget_reads
from schema.budgets.types import CreditBudget, SendBudget


@strawberry.type
class AccountFields:
    send_budget: SendBudget | None = to_one(budget_reads.sends_of, requires=Permission.PLAN_READ)
    credit_budget: CreditBudget | None = to_one(budget_reads.credit_of, requires=Permission.CREDIT_READ)
