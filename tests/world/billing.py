"""Invoices for tests: issued as a worker does, and looked at through the API."""

import datetime
import itertools
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.types import Text, Uuid

from models.base.clock import current_moment
from models.base.ids import Kind, new_id, present
from models.billing.tables import billing_details, billing_mode_choices, charged_cycles, charges
from resolvers.billing.document import Issuer, Party
from resolvers.billing.rounding import TaxRate
from resolvers.billing.status_history import SuspendedAccounts
from server.database.clock import Clock
from server.settings.payments import NoPayments
from tests.client.api import Api, Caller
from tests.database.job_queue import work_off
from tests.world.credit import EURO
from tests.world.plans import make_plan, subscribe
from tests.world.sends import reserved, settle
from tests.world.world import Account, World

_days = itertools.count(1)

ISSUER = Issuer(Party("Mandant GmbH", "DE", "Weg 1", "10115", "Berlin", "DE123456789"), TaxRate(1900), "INV-")

ISSUER_SETTINGS = {
    "MANDANT_ISSUER_NAME": ISSUER.party.name,
    "MANDANT_ISSUER_COUNTRY": ISSUER.party.country,
    "MANDANT_ISSUER_STREET": "Weg 1",
    "MANDANT_ISSUER_POSTCODE": "10115",
    "MANDANT_ISSUER_CITY": "Berlin",
    "MANDANT_ISSUER_VAT_ID": "DE123456789",
}
"""The same one's, of a worker as a process."""

SHOWN = """number kind net tax total prepaid due startsAt endsAt currency taxRate account { id }
  lines(first: 100) { nodes { account { id } accountName product description quantity unitPrice amount prepaid
    startsAt endsAt } }"""


async def with_ended_cycles(world: World, clock: Clock, count: int = 1) -> list[Account]:
    """Master accounts with a plan for 10 euros, whose first cycle ended some days ago."""
    plan = await make_plan(world, name="Plan", price=10 * EURO)
    found = [await world.account() for _ in range(count)]
    await clock.reset()
    for account in found:
        await subscribe(world, account, plan)
    await clock.forward(days=35)
    return found


async def issue(application: AsyncEngine, suspended: SuspendedAccounts = SuspendedAccounts.PAUSE) -> None:
    """What a worker does until it has looked twice: it charges, and a little later issues all that is due."""
    for _ in ("charged", "issued"):
        await work_off(application, NoPayments(), ISSUER, suspended)


async def invoices_of(api: Api, caller: Caller, account: Account, shown: str = SHOWN) -> list[dict[str, Any]]:
    """What the caller is shown of the account's invoices, oldest first."""
    query = f"query ($id: ID!) {{ account(id: $id) {{ invoices(first: 100) {{ nodes {{ id {shown} }} }} }} }}"
    nodes = (await api.read(query, caller, id=account.id))["account"]["invoices"]["nodes"]
    return list(reversed(nodes))


def lines_of(invoice: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    """Each line of an invoice: the account's name, the product, how many, and the amount in cents."""
    return [
        (line["accountName"], line["product"], line["quantity"], int(line["amount"]) // 10_000)
        for line in invoice["lines"]["nodes"]
    ]


def sums_of(invoice: dict[str, Any]) -> dict[str, int]:
    """An invoice's sums, in cents."""
    names = ("net", "tax", "total", "prepaid", "due")
    return {name: int(invoice[name]) // 10_000 for name in names}


async def send(api: Api, caller: Caller, account: Account, *names: str, **more: str) -> None:
    """The account sends to these names."""
    reservation = await reserved(api, caller, account, *names, **more)
    assert await settle(api, caller, "sendCommit", reservation) == ""


@dataclass(frozen=True)
class Invoice:
    """An invoice in the database."""

    key: uuid.UUID

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(Kind.INVOICE, self.key)


async def give_invoice(
    world: World, account: Account, *used_by: Account, corrects: Invoice | None = None
) -> Invoice:
    """An invoice of 1.00 for what each of these used, the account itself if nobody is named; or the credit
    note that takes one back."""
    invoice, start = Invoice(new_id()), datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    start += datetime.timedelta(days=next(_days))
    users = () if corrects else used_by or (account,)
    rows = [_charge(account, user, start) for user in users]
    euro = 1_000_000 * len(used_by or (account,))
    period = {"starts_at": start.isoformat(), "ends_at": (start + datetime.timedelta(days=1)).isoformat()}
    row: dict[str, Any] = {"id": str(invoice.key), "master_id": str(account.master), **period}
    row |= {"account_id": str(account.key), "kind": "CREDIT_NOTE" if corrects else "INVOICE"}
    row |= {"corrects_id": str(corrects.key) if corrects else None, "reason": corrects and 'A "mistake" 🦊'}
    row |= {"issued_at": start.isoformat(), "due_at": start.isoformat(), "currency": "EUR", "tax_rate": 810}
    row |= {"net": euro, "tax": euro * 8 // 100, "prepaid": 0, "xml": f'<a>{invoice.key} \\ "</a>'}
    issued = func.invoice_issue(
        literal(row, JSONB), literal("T-", Text), literal([row["id"] for row in rows], ARRAY(Uuid))
    )
    async with world.database.begin() as connection:
        await connection.execute(text(f"SELECT set_config('mandant.trees', '{account.master}', true)"))
        if rows:
            await connection.execute(insert(charges), rows)
        await connection.execute(select(issued))
    return invoice


def _charge(account: Account, user: Account, start: datetime.datetime) -> dict[str, Any]:
    end = start + datetime.timedelta(days=1)
    return {
        "master_id": account.master,
        "account_id": user.key,
        "id": new_id(),
        "billed_id": account.key,
        "account_name": user.name,
        "product": "PLAN",
        "description": "Plan",
        "label": None if user is account else 'Ω "May"',
        "source_id": new_id(),
        "quantity": 1,
        "unit_price": 1_000_000,
        "amount": 1_000_000,
        "prepaid": 0,
        "starts_at": start,
        "ends_at": end,
        "invoice_starts_at": start,
        "invoice_ends_at": end,
    }


async def separate(world: World, account: Account) -> None:
    """The account has invoices of its own."""
    await _choose(world, account, "SEPARATE")


async def consolidate(world: World, account: Account) -> None:
    """The account is on an invoice of one above it."""
    await _choose(world, account, "CONSOLIDATED")


async def _choose(world: World, account: Account, mode: str) -> None:
    values = {"master_id": account.master, "account_id": account.key, "id": new_id(), "mode": mode}
    async with world.database.begin() as connection:
        await connection.execute(insert(billing_mode_choices).values(**values, holds_from=current_moment()))


async def give_details(world: World, account: Account) -> None:
    """The account's invoices are addressed, if they are not yet."""
    values = {"master_id": account.master, "account_id": account.key, "name": 'Hotel "Ω" 🦊'}
    values |= {"street": "Rue 1", "postcode": "75001", "city": "Paris", "country": "FR"}
    async with world.database.begin() as connection:
        await connection.execute(upsert(billing_details).values(**values).on_conflict_do_nothing())


async def mark_charged(world: World, account: Account) -> None:
    """All cycles of the account's subscription are charged, up to now."""
    values = {"master_id": account.master, "account_id": account.key, "charged_until": func.now()}
    async with world.database.begin() as connection:
        await connection.execute(insert(charged_cycles).values(**values))
