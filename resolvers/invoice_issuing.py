"""Issuing invoices: what was charged to an account in a cycle of its own, on one invoice (R27, R55, R59)."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    DateTime,
    Row,
    Text,
    Uuid,
    and_,
    cast,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from authz import billing_functions
from authz.actors import EarlierActor
from authz.guard import Authorized, lock_path
from models.accounts import Currency, account_closure, accounts
from models.billing import billing_details, charges
from models.clock import current_moment
from models.cycle_closing import cycles_to_close
from models.identifiers import AccountId, ChargeId, InvoiceId, Kind, MasterId, new_id, present
from models.invoices import InvoiceKind
from resolvers.credit import currency_of
from resolvers.cycle_closing import BATCH, AccountDue
from resolvers.events import EventKind, record
from resolvers.invoice_documents import PAYABLE_WITHIN, Document, Issuer, Line, Party
from resolvers.invoice_xml import invoice_xml
from resolvers.plans import subscriber_id, time_zone_of

_PLATFORM = EarlierActor(None, None)


@dataclass(frozen=True)
class Period:
    """A cycle of the account that is billed, half-open, and the zone of its days."""

    starts_at: datetime.datetime
    ends_at: datetime.datetime
    zone: str


@dataclass(frozen=True)
class Issued:
    """What was issued under the next number."""

    id: InvoiceId
    number: str


async def invoices_due(session: AsyncSession, after: AccountId | None) -> Sequence[AccountDue]:
    """Accounts to be invoiced: up to BATCH of them, those whose ids come after that one."""
    rows = await session.execute(billing_functions.invoices_due(after or uuid.UUID(int=0), BATCH))
    return [AccountDue(MasterId(row.tree), AccountId(row.account)) for row in rows]


async def issue_invoice(session: AsyncSession, issuer: Issuer, due: AccountDue) -> Issued | None:
    """Issue the account's oldest invoice that is due; None where there is none, or where another worker was
    first, or where something that belongs on it waits to be closed."""
    if not await billing_functions.enter_to_bill(session, due.master_id):
        return None
    await lock_path(session, due.master_id, due.account_id)
    period = await _period(session, due)
    if period is None or await _is_incomplete(session, due, period):
        return None
    rows = await _charged(session, due, period)
    document, invoice_id = await _document(session, issuer, due, period, rows)
    content = {
        "id": str(invoice_id),
        "starts_at": period.starts_at.isoformat(),
        "ends_at": period.ends_at.isoformat(),
    }
    return await write_invoice(
        session, issuer.number_prefix, due, document, content, [ChargeId(row.id) for row in rows]
    )


async def write_invoice(
    session: AsyncSession,
    number_prefix: str,
    billed: AccountDue,
    document: Document,
    content: dict[str, str],
    charge_ids: Sequence[ChargeId] = (),
) -> Issued:
    """Give the document the next number, and log that. `content`: the row's columns that it does not tell.

    In the document the row's id stands for the number. The numbers' row is locked from here on.
    """
    row = content | {
        "master_id": str(billed.master_id),
        "account_id": str(billed.account_id),
        "kind": document.kind.value,
        "reason": document.reason,
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
        literal(row, JSONB).op("||")(moments), literal(number_prefix, Text), literal(charge_ids, ARRAY(Uuid))
    )
    number = str((await session.execute(select(issued))).scalar_one())
    invoice_id = InvoiceId(uuid.UUID(content["id"]))
    account = Authorized(
        billed.master_id, billed.account_id, mask=0, below_mask=0, acting_from=billed.account_id
    )
    kind = {
        InvoiceKind.INVOICE: EventKind.INVOICE_ISSUED,
        InvoiceKind.CREDIT_NOTE: EventKind.INVOICE_CREDITED,
    }[document.kind]
    subject_id = present(Kind.INVOICE, invoice_id)
    await record(session, _PLATFORM, account, kind, subject_id, None, {"number": number}, document.reason)
    return Issued(invoice_id, number)


def _open_charges(due: AccountDue) -> ColumnElement[bool]:
    return and_(
        charges.c.master_id == due.master_id,
        charges.c.billed_id == due.account_id,
        charges.c.invoice_id.is_(None),
    )


async def _period(session: AsyncSession, due: AccountDue) -> Period | None:
    own, subscriber = accounts.alias(), accounts.alias()
    joined = and_(subscriber.c.master_id == own.c.master_id, subscriber.c.id == subscriber_id(own))
    zone = (
        select(time_zone_of(subscriber))
        .select_from(own.join(subscriber, joined))
        .where(own.c.master_id == due.master_id, own.c.id == due.account_id)
    )
    statement = (
        select(charges.c.invoice_starts_at, charges.c.invoice_ends_at, zone.scalar_subquery().label("zone"))
        .where(
            _open_charges(due),
            charges.c.invoice_ends_at <= current_moment() - datetime.timedelta(hours=2),
        )
        .order_by(charges.c.invoice_ends_at, charges.c.invoice_starts_at)
        .limit(1)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Period(*row)


async def _is_incomplete(session: AsyncSession, due: AccountDue, period: Period) -> bool:
    """Whether a cycle that ended in the period is not closed yet, in the account or below it."""
    ended, below = cycles_to_close(due.master_id), account_closure.alias()
    statement = exists(
        select(ended.c.account_id)
        .join(below, below.c.descendant_id == ended.c.account_id)
        .where(
            below.c.master_id == due.master_id,
            below.c.ancestor_id == due.account_id,
            ended.c.ends_at <= period.ends_at,
        )
    )
    return bool((await session.execute(select(statement))).scalar_one())


async def _charged(session: AsyncSession, due: AccountDue, period: Period) -> Sequence[Row[*tuple[Any, ...]]]:
    """What comes on the invoice: account by account, the billed one first, then in the order of creation."""
    charge = charges.c
    statement = (
        select(
            *charge,
            _day(charge.starts_at, period).label("starts_on"),
            _last_day(charge.ends_at, period).label("ends_on"),
        )
        .where(
            _open_charges(due),
            charge.invoice_starts_at == period.starts_at,
            charge.invoice_ends_at == period.ends_at,
        )
        .order_by(
            charge.account_id != due.account_id,
            charge.account_id,
            charge.starts_at,
            charge.id,
        )
    )
    return (await session.execute(statement)).all()


def _day(moment: ColumnElement[Any], period: Period) -> ColumnElement[datetime.date]:
    return cast(func.timezone(literal(period.zone, Text), moment), Date)


def _last_day(moment: ColumnElement[Any], period: Period) -> ColumnElement[datetime.date]:
    """Of a half-open period that ends then."""
    return _day(moment - datetime.timedelta(microseconds=1), period)


async def _document(
    session: AsyncSession,
    issuer: Issuer,
    due: AccountDue,
    period: Period,
    rows: Sequence[Row[*tuple[Any, ...]]],
) -> tuple[Document, InvoiceId]:
    facts = (await session.execute(_facts(due, period))).one()
    invoice_id = InvoiceId(new_id())
    document = Document(
        kind=InvoiceKind.INVOICE,
        number=str(invoice_id),
        corrects=None,
        reason=None,
        issued_on=facts.issued_on,
        due_on=facts.due_on,
        starts_on=facts.starts_on,
        ends_on=facts.ends_on,
        currency=Currency(facts.currency),
        tax_rate=issuer.tax_rate,
        seller=issuer.party,
        buyer=_buyer(facts, issuer),
        lines=[_line(row) for row in rows],
    )
    return document, invoice_id


def _facts(due: AccountDue, period: Period) -> Any:
    now = current_moment()
    details = billing_details
    of_account = and_(details.c.master_id == accounts.c.master_id, details.c.account_id == accounts.c.id)
    starts_at, ends_at = (
        literal(moment, DateTime(timezone=True)) for moment in (period.starts_at, period.ends_at)
    )
    return (
        select(
            accounts.c.name.label("account_name"),
            currency_of(accounts).label("currency"),
            _day(now, period).label("issued_on"),
            _day(now + PAYABLE_WITHIN, period).label("due_on"),
            _day(starts_at, period).label("starts_on"),
            _last_day(ends_at, period).label("ends_on"),
            *details.c,
        )
        .select_from(accounts.outerjoin(details, of_account))
        .where(accounts.c.master_id == due.master_id, accounts.c.id == due.account_id)
    )


def _buyer(facts: Row[*tuple[Any, ...]], issuer: Issuer) -> Party:
    """Without details: the account's name, in the issuer's country (BR-7, BR-11)."""
    if facts.country is None:
        return Party(facts.account_name, issuer.party.country)
    return Party(
        facts.name, facts.country, facts.street, facts.postcode, facts.city, facts.vat_id, facts.email
    )


def _line(row: Row[*tuple[Any, ...]]) -> Line:
    return Line(
        row.description,
        row.account_name,
        row.quantity,
        row.unit_price,
        row.amount,
        row.prepaid,
        row.starts_on,
        row.ends_on,
    )
