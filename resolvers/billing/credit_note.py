"""Credit notes: an invoice is cancelled as a whole by a credit note, because an issued document never
changes."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Row, Select, exists, func, select

from authz.guards.locks import lock_path
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import in_tree
from models.base.clock import current_moment
from models.base.ids import AccountId, AccountKey, InvoiceId, MasterId, new_id
from models.billing.invoices import InvoiceKind, invoices
from resolvers.billing.document import PAYABLE_WITHIN
from resolvers.billing.invoiced_account import day_of
from resolvers.billing.store import Issued, NewInvoice, write_invoice
from resolvers.billing.xml_parse import read_invoice_xml
from resolvers.inputs.text import short_text


async def credit_invoice(session: WriteSession, number_prefix: str, number: str, reason: str) -> Issued:
    """Issue the credit note for an invoice, under the next number, to the same account.

    It runs with the rights of the database's owner, who sees all trees. What was charged is not charged
    again, and credit that paid for it stays spent. Raises NotFound, BAD_USER_INPUT, and FAILED_PRECONDITION
    for a credit note or a cancelled invoice.
    """
    reason = short_text(reason, "reason")
    found = select(invoices.c.master_id, invoices.c.account_id).where(invoices.c.number == number)
    known = (await session.execute(found)).one_or_none()
    if known is None:
        raise NotFound("number")
    billed = AccountKey(MasterId(known.master_id), AccountId(known.account_id))
    await session.execute(select(func.set_config("mandant.trees", str(billed.master_id), True)))
    await lock_path(session, billed.master_id, billed.account_id)
    row = (await session.execute(_invoice(billed, number))).one()
    if row.kind != InvoiceKind.INVOICE.value or row.corrected:
        message = "It is a credit note, or it was cancelled before."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "number")
    return await write_invoice(session, number_prefix, billed, _credit_note(row, reason))


def _invoice(billed: AccountKey, number: str) -> Select[Any]:
    note, now = invoices.alias(), current_moment()
    of_account = in_tree(accounts, invoices, id="account_id")
    corrected = exists().where(note.c.master_id == billed.master_id, note.c.corrects_id == invoices.c.id)
    return (
        select(
            *invoices.c,
            corrected.label("corrected"),
            day_of(now, accounts).label("issued_on"),
            day_of(now + PAYABLE_WITHIN, accounts).label("due_on"),
        )
        .select_from(invoices.join(accounts, of_account))
        .where(invoices.c.master_id == billed.master_id, invoices.c.number == number)
    )


def _credit_note(row: Row[*tuple[Any, ...]], reason: str) -> NewInvoice:
    note_id = InvoiceId(new_id())
    document = replace(
        read_invoice_xml(row.xml),
        kind=InvoiceKind.CREDIT_NOTE,
        number=str(note_id),
        corrects=row.number,
        reason=reason,
        issued_on=row.issued_on,
        due_on=row.due_on,
    )
    return NewInvoice(note_id, row.starts_at, row.ends_at, document, corrects_id=InvoiceId(row.id))
