"""Giving a document its number and storing it, for good."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, Text, Uuid, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from authz.callers.actors import PLATFORM
from authz.guards.exclusive import without_rights
from engine.writes.sessions import WriteSession
from models.base.clock import current_moment
from models.base.ids import AccountKey, ChargeId, InvoiceId, Kind, present
from models.billing.invoices import InvoiceKind
from resolvers.billing.document import PAYABLE_WITHIN, Document
from resolvers.billing.xml import invoice_xml
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record


@dataclass(frozen=True)
class Issued:
    """The document that was issued under the next number."""

    id: InvoiceId
    number: str


@dataclass(frozen=True)
class NewInvoice:
    """In its document the id stands for the number. `corrects_id`: of a credit note."""

    id: InvoiceId
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    document: Document
    corrects_id: InvoiceId | None = None
    charge_ids: Sequence[ChargeId] = ()


_EVENTS = {
    InvoiceKind.INVOICE: EventType.INVOICE_ISSUED,
    InvoiceKind.CREDIT_NOTE: EventType.INVOICE_CREDITED,
}


async def write_invoice(
    session: WriteSession, number_prefix: str, billed: AccountKey, new: NewInvoice
) -> Issued:
    """Give the document the next number and log it. The row with the last number stays locked until the
    commit."""
    document = new.document
    row = {
        "id": str(new.id),
        "master_id": str(billed.master_id),
        "account_id": str(billed.account_id),
        "kind": document.kind.value,
        "corrects_id": None if new.corrects_id is None else str(new.corrects_id),
        "reason": document.reason,
        "starts_at": new.starts_at.isoformat(),
        "ends_at": new.ends_at.isoformat(),
        "currency": document.currency.value,
        "tax_rate": document.tax_rate,
        "net": document.net,
        "tax": document.tax,
        "prepaid": document.prepaid,
        "xml": invoice_xml(document),
    }
    moments = func.jsonb_build_object(
        "issued_at", current_moment(), "due_at", current_moment() + PAYABLE_WITHIN, type_=JSONB
    )
    issued = func.invoice_issue(
        literal(row, JSONB).op("||")(moments),
        literal(number_prefix, Text),
        literal(list(new.charge_ids), ARRAY(Uuid)),
    )
    number = str((await session.execute(select(issued))).scalar_one())
    place = without_rights(billed)
    kind, subject_id = _EVENTS[document.kind], present(Kind.INVOICE, new.id)
    await record(session, PLATFORM, place, kind, subject_id, None, {"number": number}, document.reason)
    return Issued(new.id, number)
