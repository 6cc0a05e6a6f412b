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
    """Something that an account pays with, such as a card. Only the payment provider knows its number."""

    id: strawberry.ID = column(codec=global_id(Kind.PAYMENT_METHOD), description=ID_DESCRIPTION)
    label: str = column(description="What people know it by, such as its last four digits.")
    created_at: datetime.datetime = column(description="When it was added.")
    removed_at: datetime.datetime | None = column(description="When it was removed; null: it can be used.")


@entity(top_ups, requires=Permission.CREDIT_READ)
class TopUp(Node):
    """Credit that was bought, or is about to be."""

    id: strawberry.ID = column(codec=global_id(Kind.TOP_UP), description=ID_DESCRIPTION)
    amount: MicroAmount = column(codec=AMOUNT, description="How much.")
    status: TopUpStatus = column(codec=enum_of(TopUpStatus), description="What has become of it.")
    automatic: bool = column(description="Whether the account's rule asked for it, and no person or key.")
    decline_reason: str | None = column(description="Why the payment provider declined, in its words.")
    payment_method: PaymentMethod = to_one(reads.payment_method_of)
    transaction: LedgerTransaction | None = to_one(reads.transaction_of)
    created_at: datetime.datetime = column(description="When it was asked for.")
    answered_at: datetime.datetime | None = column(description="When the payment provider had answered.")


@entity(top_up_rules, key=("master_id", "account_id"), requires=Permission.CREDIT_READ)
class TopUpRule:
    """When credit is bought without anybody asking, how much, and with what. `mandant worker` buys it."""

    threshold: MicroAmount = column(codec=AMOUNT, description="A top-up begins when less than this is left.")
    amount: MicroAmount = column(codec=AMOUNT, description="How much is bought each time.")
    daily_maximum: MicroAmount = column(
        codec=AMOUNT, description="How much the rule may buy in a day in UTC; declined ones do not count."
    )
    payment_method: PaymentMethod = to_one(rule_reads.payment_method_of)
    refusals: int = column(description="How often in a row the payment provider declined.")
    paused_at: datetime.datetime | None = column(
        description="Since when nothing is bought, because of three refusals in a row; `topUpRuleUpdate` "
        "lets it go on."
    )
