"""Issuing invoices: one invoice for all charges of an account in one of its cycles (R27, R55, R59)."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Row, literal, select

from authz.guards.locks import lock_path
from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSession
from models.accounts.tables import Currency, accounts
from models.accounts.trees import in_account, in_tree, this_account
from models.base.clock import current_moment
from models.base.ids import AccountKey, ChargeId, InvoiceId, new_id
from models.billing.due import invoices_to_issue
from models.billing.invoices import InvoiceKind
from models.billing.tables import billing_details, charges
from resolvers.billing.document import PAYABLE_WITHIN, Document, Issuer, Line, Party
from resolvers.billing.invoiced_account import day_of
from resolvers.billing.store import Issued, NewInvoice, write_invoice
from resolvers.credit.reads import currency_of


@dataclass(frozen=True)
class Period:
    """A cycle of the invoiced account, half-open."""

    starts_at: datetime.datetime
    ends_at: datetime.datetime


async def issue_invoice(session: WriteSession, issuer: Issuer, due: AccountKey) -> Issued | None:
    """Issue the account's oldest invoice that is due. None where none is due, another worker was first, or
    something that belongs on it is not charged yet."""
    if not await enter_as_worker(session, due.master_id):
        return None
    await lock_path(session, due.master_id, due.account_id)
    period = await _period(session, due)
    if period is None:
        return None
    rows = await _charged(session, due, period)
    invoice_id = InvoiceId(new_id())
    new = NewInvoice(
        invoice_id,
        period.starts_at,
        period.ends_at,
        await _document(session, issuer, due, period, rows, str(invoice_id)),
        charge_ids=[ChargeId(row.id) for row in rows],
    )
    return await write_invoice(session, issuer.number_prefix, due, new)


async def _period(session: WriteSession, due: AccountKey) -> Period | None:
    found = invoices_to_issue()
    statement = (
        select(found.c.starts_at, found.c.ends_at)
        .where(in_account(found, due))
        .order_by(found.c.ends_at, found.c.starts_at)
        .limit(1)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Period(*row)


async def _charged(session: WriteSession, due: AccountKey, period: Period) -> Sequence[Row[*tuple[Any, ...]]]:
    """The charges on the invoice: those of the invoiced account first, then by account and creation."""
    charge = charges.c
    statement = (
        select(
            *charge,
            day_of(charge.starts_at, accounts).label("starts_on"),
            _last_day(charge.ends_at).label("ends_on"),
        )
        .join(accounts, in_tree(accounts, charges, id="billed_id"))
        .where(
            charge.master_id == due.master_id,
            charge.billed_id == due.account_id,
            charge.invoice_id.is_(None),
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


def _last_day(ends_at: ColumnElement[datetime.datetime]) -> ColumnElement[datetime.date]:
    """Of a half-open period that ends then."""
    return day_of(ends_at - datetime.timedelta(microseconds=1), accounts)


async def _document(
    session: WriteSession,
    issuer: Issuer,
    due: AccountKey,
    period: Period,
    rows: Sequence[Row[*tuple[Any, ...]]],
    number: str,
) -> Document:
    facts = (await session.execute(_facts(due, period))).one()
    return Document(
        kind=InvoiceKind.INVOICE,
        number=number,
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
        prepaid=sum(row.prepaid for row in rows),
    )


def _facts(due: AccountKey, period: Period) -> Any:
    now = current_moment()
    details = billing_details
    of_account = in_tree(details, accounts, account_id="id")
    starts_at, ends_at = (
        literal(moment, DateTime(timezone=True)) for moment in (period.starts_at, period.ends_at)
    )
    return (
        select(
            accounts.c.name.label("account_name"),
            currency_of(accounts).label("currency"),
            day_of(now, accounts).label("issued_on"),
            day_of(now + PAYABLE_WITHIN, accounts).label("due_on"),
            day_of(starts_at, accounts).label("starts_on"),
            _last_day(ends_at).label("ends_on"),
            *details.c,
        )
        .select_from(accounts.outerjoin(details, of_account))
        .where(this_account(accounts, due))
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
        row.starts_on,
        row.ends_on,
        row.label,
    )
