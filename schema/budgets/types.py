"""Budgets of subaccounts."""

from authz.policy.permissions import Permission
from engine.declare.declarations import column, computed, entity
from models.budgets.tables import budgets
from resolvers.budgets import reads
from schema.fields.amounts import AMOUNT, MicroAmount

_KEY = ("master_id", "account_id", "currency")


@entity(budgets, key=_KEY, requires=Permission.PLAN_READ)
class SendBudget:
    """A cap on the sends that a subaccount and everything below it can make in a billing cycle, and a
    guarantee of sends that are kept for them."""

    cap: int | None = column(
        description="The most sends that they can make in a billing cycle, whichever plan they use; null if "
        "there is no cap."
    )
    guarantee: int = column(
        description="The sends of the account above's plan that nobody else can use in a billing cycle. "
        "What is left of it ends with the cycle. The guarantee ends when the account gets its own plan or "
        "is closed."
    )
    used: int = computed(reads.sends_used_of)


@entity(budgets, key=_KEY, requires=Permission.CREDIT_READ)
class CreditBudget:
    """A cap on the credit that a subaccount and everything below it can take from the pool in a billing
    cycle, and a guarantee of credit that is kept for them."""

    cap: MicroAmount | None = column(
        codec=AMOUNT,
        description="The most credit that they can take in a billing cycle; null if there is no cap.",
    )
    guarantee: MicroAmount = column(
        codec=AMOUNT,
        description="The credit of the account above that nobody else can spend or transfer in a billing "
        "cycle. Each cycle starts with the whole guarantee, as far as the pool has that much. It ends when "
        "the account is closed, and is inactive while the account above does not spend its own credit.",
    )
    used: MicroAmount = computed(reads.credit_used_of, codec=AMOUNT)
