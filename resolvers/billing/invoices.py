"""Invoices and credit notes. `resolvers.billing.issue` writes them."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, Text, cast, func, literal_column, select

from authz.policy.permissions import Permission
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.base.ids import Kind
from models.billing.invoices import invoices
from models.billing.tables import charges
from resolvers.effects.public_url import PUBLIC_URL
from resolvers.inputs.global_ids import InvoiceIdArgument
from resolvers.rows.shown import account_behind, row_by_id, rows_of

BY_ID = Order("invoices", (invoices.c.id,), descending=True)
BY_POSITION = Order("invoiceLines", (charges.c.position,))

PDF_PATH = "/invoices/{id}.pdf"
"""Where a server serves the document."""


def order(**_: object) -> Order:
    """Newest first."""
    return BY_ID


def line_order(**_: object) -> Order:
    """In their order on the invoice."""
    return BY_POSITION


def of_account(account: FromClause) -> Select[Any]:
    """The invoices and credit notes of the account, newest first."""
    return rows_of(invoices, account, account_id="id")


def by_id(
    root: FromClause, id: Annotated[InvoiceIdArgument, Described("An id of an invoice or credit note.")]
) -> Select[Any]:
    """An invoice or credit note, where the viewer may see those of its account."""
    return row_by_id(invoices, id, Permission.INVOICES_READ)


def account_of(invoice: FromClause) -> Select[Any]:
    """The invoiced account."""
    return account_behind(invoice)


def lines_of(invoice: FromClause) -> Select[Any]:
    """The lines. A credit note has those of the invoice that it cancels."""
    charge = charges.alias()
    return select(*charge.c).where(
        charge.c.master_id == invoice.c.master_id,
        charge.c.invoice_id == func.coalesce(invoice.c.corrects_id, invoice.c.id),
    )


def line_account_of(line: FromClause) -> Select[Any]:
    """The account that used it. Null where it is outside the viewer's reach."""
    return account_behind(line)


def corrected_by(invoice: FromClause) -> Select[Any]:
    """The credit note that cancels the invoice. Null: the invoice stands."""
    return rows_of(invoices, invoice, corrects_id="id")


def corrects(invoice: FromClause) -> Select[Any]:
    """The invoice that a credit note cancels."""
    return rows_of(invoices, invoice, id="corrects_id")


def total_of(invoice: FromClause) -> ColumnElement[int]:
    """With VAT."""
    return invoice.c.net + invoice.c.tax


def due_of(invoice: FromClause) -> ColumnElement[int]:
    """The amount to be paid, or with a credit note to be refunded: the total without what was prepaid."""
    return total_of(invoice) - invoice.c.prepaid


def pdf_url_of(invoice: FromClause) -> ColumnElement[str]:
    """The address of the PDF with the XML embedded. It needs the same `Authorization` header as the API, so
    that a page has to fetch it; a plain link does not work."""
    before, after = PDF_PATH.split("{id}")
    head = literal_column(f"'{before}{Kind.INVOICE}_'", Text)
    tail = literal_column(f"'{after}'", Text)
    return func.concat(PUBLIC_URL, head, cast(invoice.c.id, Text), tail, type_=Text)
