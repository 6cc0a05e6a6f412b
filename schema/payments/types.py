"""Payment methods and top-ups."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of, global_id
from engine.declare.declarations import column, entity, to_one
from models.base.ids import Kind
from models.payments.tables import TopUpStatus, payment_methods, top_ups
from models.payments.top_up_rules import top_up_rules
from resolvers.payments import top_up_rules as rule_reads
from resolvers.payments import top_ups as reads
from schema.credit.types import LedgerTransaction
from schema.fields.amounts import AMOUNT, MicroAmount
from schema.fields.node import ID_DESCRIPTION, Node


@entity(payment_methods, requires=Permission.CREDIT_READ)
class PaymentMethod(Node):
    """A way for an account to pay, such as a card. Only the payment provider knows its number."""

    id: strawberry.ID = column(codec=global_id(Kind.PAYMENT_METHOD), description=ID_DESCRIPTION)
    label: str = column(description="A name that people recognize, such as the last four digits.")
    created_at: datetime.datetime = column(description="When it was added.")
    removed_at: datetime.datetime | None = column(description="When it was removed; null if it can be used.")


@entity(top_ups, requires=Permission.CREDIT_READ)
class TopUp(Node):
    """A purchase of credit, completed or pending."""

    id: strawberry.ID = column(codec=global_id(Kind.TOP_UP), description=ID_DESCRIPTION)
    amount: MicroAmount = column(codec=AMOUNT, description="The amount.")
    status: TopUpStatus = column(codec=enum_of(TopUpStatus), description="The status of the purchase.")
    automatic: bool = column(
        description="Whether the account's rule started it, and not a person or API key."
    )
    decline_reason: str | None = column(description="Why the payment provider declined, in its own words.")
    payment_method: PaymentMethod = to_one(reads.payment_method_of)
    transaction: LedgerTransaction | None = to_one(reads.transaction_of)
    created_at: datetime.datetime = column(description="When it was requested.")
    answered_at: datetime.datetime | None = column(description="When the payment provider answered.")


@entity(top_up_rules, key=("master_id", "account_id"), requires=Permission.CREDIT_READ)
class TopUpRule:
    """The rule for automatic top-ups. `mandant worker` carries it out."""

    threshold: MicroAmount = column(
        codec=AMOUNT, description="A top-up starts when the balance falls below this amount."
    )
    amount: MicroAmount = column(codec=AMOUNT, description="The amount of each top-up.")
    daily_maximum: MicroAmount = column(
        codec=AMOUNT,
        description="The most that the rule can buy in one day in UTC. Declined top-ups do not count.",
    )
    payment_method: PaymentMethod = to_one(rule_reads.payment_method_of)
    refusals: int = column(description="How many times in a row the payment provider declined.")
    paused_at: datetime.datetime | None = column(
        description="Since when the rule is paused, after three declined payments in a row; null if it is "
        "active. `topUpRuleUpdate` resumes it."
    )
