"""Who is billed, what accounts cost, and the invoices."""

import datetime

import strawberry
from sqlalchemy import BigInteger, DateTime

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of, global_id
from engine.declare.connections import Connection
from engine.declare.declarations import column, computed, connection, entity, to_one
from models.accounts.tables import Currency, accounts
from models.base.ids import Kind
from models.billing.invoices import InvoiceKind, invoices
from models.billing.tables import Product, billing_details, charges
from models.sending.tables import send_reservations
from resolvers.billing import cost_report as costs
from resolvers.billing import invoices as invoice_reads
from schema.fields.amounts import AMOUNT, MicroAmount
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef


@entity(billing_details, key=("master_id", "account_id"), requires=Permission.INVOICES_READ)
class BillingDetails:
    """How an account is named and addressed on its invoices."""

    name: str = column(description="Of the company or person.")
    street: str = column(description="Street and number.")
    postcode: str | None = column(description="As it is written in the country; null: there is none.")
    city: str = column(description="The city.")
    country: str = column(description="By its ISO 3166-1 code of two letters.")
    vat_id: str | None = column(description="With its country's code, without blanks.")
    email: str | None = column(description="The buyer's electronic address in the XML; no mail is sent.")


@entity(
    send_reservations,
    key=("master_id", "account_id", "label"),
    carries={"sends": BigInteger(), "spent_on_sends": BigInteger()},
    requires=Permission.INVOICES_READ,
)
class LabelCost:
    """What an account sent and spent under a label in a time."""

    label: str = column(description="The team or campaign.")
    sends: int = column(description="How many were committed then; at most 2147483647 are told.")
    spent_on_sends: MicroAmount = column(
        codec=AMOUNT, description="What was spent of credit for those beyond the plan, without VAT."
    )


@entity(
    accounts,
    carries={
        **dict.fromkeys(("sends", "spent_on_sends", "charged"), BigInteger()),
        **dict.fromkeys(("since", "until"), DateTime(timezone=True)),
    },
    requires=Permission.INVOICES_READ,
)
class AccountCost:
    """What an account sent and cost in a time, without what is below it."""

    account: AccountRef | None = to_one(costs.account_of)
    name: str = column(description="The account's.")
    sends: int = column(description="How many were committed then; at most 2147483647 are told.")
    spent_on_sends: MicroAmount = column(
        codec=AMOUNT, description="What was spent of credit for those beyond the plan, without VAT."
    )
    charged: MicroAmount = column(
        codec=AMOUNT,
        description="For plans and contacts, of billing cycles that ended then and are charged, without VAT.",
    )
    labels: Connection[LabelCost] = connection(costs.labels_of, order=costs.BY_LABEL)


@entity(charges, key=("master_id", "id"), requires=Permission.INVOICES_READ)
class InvoiceLine:
    """What one account used of one product in one billing cycle of its subscription."""

    account: AccountRef | None = to_one(invoice_reads.line_account_of)
    account_name: str = column(description="What that account was called when the cycle was charged.")
    product: Product = column(codec=enum_of(Product), description="What was sold.")
    description: str = column(description="The same for people, with the label.")
    label: str | None = column(description="Of sends beyond the plan's: the label that they bear.")
    quantity: int = column(description="How many.")
    unit_price: MicroAmount = column(codec=AMOUNT, description="Of one, without VAT.")
    amount: MicroAmount = column(codec=AMOUNT, description="Of all, rounded to cents, without VAT.")
    prepaid: MicroAmount = column(codec=AMOUNT, description="Of that: what was paid from credit before.")
    starts_at: datetime.datetime = column(description="When the cycle began.")
    ends_at: datetime.datetime = column(description="When the next one began.")


@entity(invoices, requires=Permission.INVOICES_READ)
class Invoice(Node):
    """An invoice, or a credit note that takes one back. It is never changed."""

    id: strawberry.ID = column(codec=global_id(Kind.INVOICE), description=ID_DESCRIPTION)
    kind: InvoiceKind = column(codec=enum_of(InvoiceKind), description="Which of the two.")
    number: str = column(description="The issuer's, rising without gaps over all of its customers.")
    account: AccountRef | None = to_one(invoice_reads.account_of)
    issued_at: datetime.datetime = column(description="When it was issued.")
    due_at: datetime.datetime = column(description="By when it is to be paid: 14 days later.")
    starts_at: datetime.datetime = column(description="The beginning of the billing cycle that it is about.")
    ends_at: datetime.datetime = column(description="The end of that, which belongs to the next.")
    currency: Currency = column(codec=enum_of(Currency), description="Of all amounts.")
    lines: Connection[InvoiceLine] = connection(invoice_reads.lines_of, order=invoice_reads.BY_POSITION)
    net: MicroAmount = column(codec=AMOUNT, description="Of all lines, without VAT.")
    tax_rate: int = column(description="Of VAT, in hundredths of a percent: 1900 is 19 %.")
    tax: MicroAmount = column(codec=AMOUNT, description="VAT on the whole, rounded once to cents.")
    total: MicroAmount = computed(invoice_reads.total_of, codec=AMOUNT)
    prepaid: MicroAmount = column(codec=AMOUNT, description="What was paid from credit before.")
    due: MicroAmount = computed(invoice_reads.due_of, codec=AMOUNT)
    corrects: "Invoice | None" = to_one(invoice_reads.corrects)
    corrected_by: "Invoice | None" = to_one(invoice_reads.corrected_by)
    reason: str | None = column(description="Why the invoice was taken back, on a credit note.")
    pdf_url: str = computed(invoice_reads.pdf_url_of)
    xml: str = column(description="For programs: UN/CEFACT Cross Industry Invoice, profile EN 16931.")
