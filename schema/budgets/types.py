"""Budgets of subaccounts."""

from authz.policy.permissions import Permission
from engine.declare.declarations import column, computed, entity
from models.budgets.tables import budgets
from resolvers.budgets import reads
from schema.fields.amounts import AMOUNT, MicroAmount

_KEY = ("master_id", "account_id", "currency")


@entity(budgets, key=_KEY, requires=Permission.PLAN_READ)
class SendBudget:
    """How many sends a subaccount and all below it may make in their billing cycles, and how many are kept
    free for them."""

    cap: int | None = column(
        description="They make no more, whosever plan it is; null: as many as there are."
    )
    guarantee: int = column(
        description="Of a cycle of the plan of the account above, which nobody else can use. What is left of "
        "it ends with the cycle, and all of it where the account has a plan of its own or is closed."
    )
    used: int = computed(reads.sends_used_of)


@entity(budgets, key=_KEY, requires=Permission.CREDIT_READ)
class CreditBudget:
    """How much credit a subaccount and all below it may take from the pool above in their billing cycles, and
    how much of the pool is kept free for them."""

    cap: MicroAmount | None = column(
        codec=AMOUNT, description="They take no more; null: as much as the pool has."
    )
    guarantee: MicroAmount = column(
        codec=AMOUNT,
        description="Of the credit of the account above, in a cycle: nobody else can spend or transfer it. A "
        "new cycle begins with all of it, as far as the pool has that much. It ends where the account is "
        "closed, and rests while the account above spends no credit of its own.",
    )
    used: MicroAmount = computed(reads.credit_used_of, codec=AMOUNT)
