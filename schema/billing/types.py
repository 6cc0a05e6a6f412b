"""Billing details, cost reports and invoices."""

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
    """Name and address of an account on its invoices."""

    name: str = column(description="The name of the company or person.")
    street: str = column(description="Street and number.")
    postcode: str | None = column(description="The postcode, in the country's format; null if there is none.")
    city: str = column(description="The city.")
    country: str = column(description="The country's ISO 3166-1 code of two letters.")
    vat_id: str | None = column(description="The VAT number with its country's code, without spaces.")
    email: str | None = column(
        description="The buyer's electronic address in the invoice's XML. No mail is sent to it."
    )


@entity(
    send_reservations,
    key=("master_id", "account_id", "label"),
    carries={"sends": BigInteger(), "spent_on_sends": BigInteger()},
    requires=Permission.INVOICES_READ,
)
class LabelCost:
    """What an account sent and spent with one label in a period."""

    label: str = column(description="The label: a team or campaign.")
    sends: int = column(description="The number of sends committed in the period, at most 2147483647.")
    spent_on_sends: MicroAmount = column(
        codec=AMOUNT, description="The credit spent on sends beyond the plan, without VAT."
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
    """What an account sent and cost in a period, without the accounts below it."""

    account: AccountRef | None = to_one(costs.account_of)
    name: str = column(description="The account's name.")
    sends: int = column(description="The number of sends committed in the period, at most 2147483647.")
    spent_on_sends: MicroAmount = column(
        codec=AMOUNT, description="The credit spent on sends beyond the plan, without VAT."
    )
    charged: MicroAmount = column(
        codec=AMOUNT,
        description="The charge for plans and contacts of the billing cycles that ended in the period and "
        "are charged, without VAT.",
    )
    labels: Connection[LabelCost] = connection(costs.labels_of, order=costs.BY_LABEL)


@entity(charges, key=("master_id", "id"), requires=Permission.INVOICES_READ)
class InvoiceLine:
    """What one account used of one product in one billing cycle."""

    account: AccountRef | None = to_one(invoice_reads.line_account_of)
    account_name: str = column(description="The name of that account when the cycle was charged.")
    product: Product = column(codec=enum_of(Product), description="The product.")
    description: str = column(description="The product and label, for people.")
    label: str | None = column(description="For sends beyond the plan, their label.")
    quantity: int = column(description="The quantity.")
    unit_price: MicroAmount = column(codec=AMOUNT, description="The price of one, without VAT.")
    amount: MicroAmount = column(codec=AMOUNT, description="The price of all, rounded to cents, without VAT.")
    prepaid: MicroAmount = column(
        codec=AMOUNT, description="The part of the amount that was already paid from credit."
    )
    starts_at: datetime.datetime = column(description="When the billing cycle started.")
    ends_at: datetime.datetime = column(description="When the next one began.")


@entity(invoices, requires=Permission.INVOICES_READ)
class Invoice(Node):
    """An invoice, or a credit note that cancels one. It never changes."""

    id: strawberry.ID = column(codec=global_id(Kind.INVOICE), description=ID_DESCRIPTION)
    kind: InvoiceKind = column(
        codec=enum_of(InvoiceKind), description="Whether it is an invoice or a credit note."
    )
    number: str = column(
        description="The issuer's number. Numbers rise without gaps across all customers of the issuer."
    )
    account: AccountRef | None = to_one(invoice_reads.account_of)
    issued_at: datetime.datetime = column(description="When it was issued.")
    due_at: datetime.datetime = column(description="When payment is due: 14 days after it was issued.")
    starts_at: datetime.datetime = column(description="When the billing cycle started.")
    ends_at: datetime.datetime = column(
        description="When the billing cycle ended. This moment belongs to the next cycle."
    )
    currency: Currency = column(codec=enum_of(Currency), description="The currency of all amounts.")
    lines: Connection[InvoiceLine] = connection(invoice_reads.lines_of, order=invoice_reads.BY_POSITION)
    net: MicroAmount = column(codec=AMOUNT, description="The sum of all lines, without VAT.")
    tax_rate: int = column(description="The VAT rate in hundredths of a percent: 1900 is 19 %.")
    tax: MicroAmount = column(
        codec=AMOUNT, description="The VAT on the sum of all lines, rounded once to cents."
    )
    total: MicroAmount = computed(invoice_reads.total_of, codec=AMOUNT)
    prepaid: MicroAmount = column(codec=AMOUNT, description="The part that was already paid from credit.")
    due: MicroAmount = computed(invoice_reads.due_of, codec=AMOUNT)
    corrects: "Invoice | None" = to_one(invoice_reads.corrects)
    corrected_by: "Invoice | None" = to_one(invoice_reads.corrected_by)
    reason: str | None = column(description="For a credit note, why the invoice was cancelled.")
    pdf_url: str = computed(invoice_reads.pdf_url_of)
    xml: str = column(
        description="The invoice for programs: UN/CEFACT Cross Industry Invoice, profile EN 16931."
    )
