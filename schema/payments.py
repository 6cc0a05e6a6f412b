"""Payment methods and top-ups."""

import datetime

import strawberry

from authz.permissions import Permission
from engine.codecs import enum_of, global_id
from engine.declarations import column, entity, to_one
from models.identifiers import Kind
from models.payments import TopUpStatus, payment_methods, top_ups
from resolvers import top_ups as reads
from schema.amounts import AMOUNT, MicroAmount
from schema.credit import LedgerTransaction
from schema.node import ID_DESCRIPTION, Node


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
    decline_reason: str | None = column(description="Why the payment provider declined, in its words.")
    payment_method: PaymentMethod = to_one(reads.payment_method_of)
    transaction: LedgerTransaction | None = to_one(reads.transaction_of)
    created_at: datetime.datetime = column(description="When it was asked for.")
    answered_at: datetime.datetime | None = column(description="When the payment provider had answered.")
