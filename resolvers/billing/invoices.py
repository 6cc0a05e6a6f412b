"""Invoices and credit notes. `resolvers.billing.issue` writes them."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, Text, cast, func, literal_column, select

from authz.policy.permissions import Permission
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.billing.invoices import invoices
from models.billing.tables import charges
from resolvers.effects.public_url import PUBLIC_URL
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import account_behind, row_by_id, rows_of

BY_ID = Order("invoices", (invoices.c.id,), descending=True)
"""Newest first."""
BY_POSITION = Order("invoiceLines", (charges.c.position,))
"""In their order on the invoice."""

PDF_PATH = "/invoices/{id}.pdf"
"""Where a server serves the document."""


def of_account(account: FromClause) -> Select[Any]:
    """The invoices and credit notes issued to the account, newest first."""
    return rows_of(invoices, account, account_id="id")


def by_id(
    root: FromClause,
    id: Annotated[Id, of_kind(Kind.INVOICE), Described("The id of the invoice or credit note.")],
) -> Select[Any]:
    """An invoice or credit note of an account whose invoices you may see."""
    return row_by_id(invoices, id, Permission.INVOICES_READ)


def account_of(invoice: FromClause) -> Select[Any]:
    """The account that it was issued to."""
    return account_behind(invoice)


def lines_of(invoice: FromClause) -> Select[Any]:
    """What is invoiced. A credit note has the lines of the invoice that it cancels."""
    charge = charges.alias()
    return select(*charge.c).where(
        in_tree(charge, invoice),
        charge.c.invoice_id == func.coalesce(invoice.c.corrects_id, invoice.c.id),
    )


def line_account_of(line: FromClause) -> Select[Any]:
    """The account that used it; null if it is outside your reach."""
    return account_behind(line)


def corrected_by(invoice: FromClause) -> Select[Any]:
    """The credit note that cancels the invoice; null if there is none."""
    return rows_of(invoices, invoice, corrects_id="id")


def corrects(invoice: FromClause) -> Select[Any]:
    """For a credit note, the invoice that it cancels."""
    return rows_of(invoices, invoice, id="corrects_id")


def total_of(invoice: FromClause) -> ColumnElement[int]:
    """The total with VAT."""
    return invoice.c.net + invoice.c.tax


def due_of(invoice: FromClause) -> ColumnElement[int]:
    """The amount to pay, or, for a credit note, to refund: the total without the prepaid part."""
    return total_of(invoice) - invoice.c.prepaid


def pdf_url_of(invoice: FromClause) -> ColumnElement[str]:
    """The address of the PDF, which embeds the XML. Fetch it with the same `Authorization` header as the API;
    without the header it cannot be opened."""
    before, after = PDF_PATH.split("{id}")
    head = literal_column(f"'{before}{Kind.INVOICE}_'", Text)
    tail = literal_column(f"'{after}'", Text)
    return func.concat(PUBLIC_URL, head, cast(invoice.c.id, Text), tail, type_=Text)
