"""Invoices as those who may see them see them. What writes them is in `invoice_issuing`."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, Text, cast, func, literal_column, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where, readable_account
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.base.ids import Kind
from models.billing.invoices import invoices
from models.billing.tables import charges
from resolvers.effects.public_url import PUBLIC_URL
from resolvers.inputs.global_ids import InvoiceIdArgument

BY_ID = Order("invoices", (invoices.c.id,), descending=True)
"""Newest first."""
BY_POSITION = Order("invoiceLines", (charges.c.position,))
"""As they stand on it."""

PDF_PATH = "/invoices/{id}.pdf"
"""Where a server gives the document."""


def of_account(account: FromClause) -> Select[Any]:
    """The invoices and credit notes that were issued to the account, newest first."""
    invoice = invoices.alias()
    return select(*invoice.c).where(
        invoice.c.account_id == account.c.id, invoice.c.master_id == account.c.master_id
    )


def by_id(
    root: FromClause, id: Annotated[InvoiceIdArgument, Described("An id of an invoice or credit note.")]
) -> Select[Any]:
    """An invoice or credit note, where the viewer may see those of its account."""
    invoice = invoices.alias()
    return select(*invoice.c).where(invoice.c.id == id, account_where(invoice, Permission.INVOICES_READ))


def account_of(invoice: FromClause) -> Select[Any]:
    """The account that it was issued to."""
    account, statement = readable_account()
    return statement.where(
        account.c.id == invoice.c.account_id, account.c.master_id == invoice.c.master_id
    ).limit(1)


def lines_of(invoice: FromClause) -> Select[Any]:
    """What it is for. A credit note has the lines of the invoice that it takes back."""
    charge = charges.alias()
    return select(*charge.c).where(
        charge.c.master_id == invoice.c.master_id,
        charge.c.invoice_id == func.coalesce(invoice.c.corrects_id, invoice.c.id),
    )


def line_account_of(line: FromClause) -> Select[Any]:
    """The account that used it; null where it is outside the viewer's reach."""
    account, statement = readable_account()
    return statement.where(account.c.id == line.c.account_id, account.c.master_id == line.c.master_id).limit(
        1
    )


def corrected_by(invoice: FromClause) -> Select[Any]:
    """The credit note that takes it back; null: it stands."""
    note = invoices.alias()
    return select(*note.c).where(note.c.corrects_id == invoice.c.id, note.c.master_id == invoice.c.master_id)


def corrects(invoice: FromClause) -> Select[Any]:
    """The invoice that a credit note takes back."""
    corrected = invoices.alias()
    return select(*corrected.c).where(
        corrected.c.id == invoice.c.corrects_id, corrected.c.master_id == invoice.c.master_id
    )


def total_of(invoice: FromClause) -> ColumnElement[int]:
    """With VAT."""
    return invoice.c.net + invoice.c.tax


def due_of(invoice: FromClause) -> ColumnElement[int]:
    """What is left to be paid, or of a credit note to be given back: the total without what was prepaid."""
    return total_of(invoice) - invoice.c.prepaid


def pdf_url_of(invoice: FromClause) -> ColumnElement[str]:
    """The address of the PDF with the XML embedded in it. It takes the same `Authorization` header as the
    API, so that a page fetches it and shows what it got; a link alone does not."""
    before, after = PDF_PATH.split("{id}")
    head = literal_column(f"'{before}{Kind.INVOICE}_'", Text)
    tail = literal_column(f"'{after}'", Text)
    return func.concat(PUBLIC_URL, head, cast(invoice.c.id, Text), tail, type_=Text)
