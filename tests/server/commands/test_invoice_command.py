"""`mandant invoice credit`: an invoice is taken back by the database's owner, or a sentence says why not."""

import asyncio
import datetime
import json
import uuid
from collections.abc import Iterator

import asyncpg
import pytest

from models.accounts.tables import Currency
from models.billing.invoices import InvoiceKind
from resolvers.billing.document import Document, Line, Party
from resolvers.billing.rounding import TaxRate
from resolvers.billing.xml import invoice_xml
from server.embedded_postgres import DatabaseAddresses
from server.settings.invoice_issuer import invoice_issuer
from server.settings.issuer import IssuerSettings
from server.settings.settings import Settings
from tests.database.database import clone, drop, named
from tests.server.commands.test_cli import Finished, Run, assert_one_sentence, run
from tests.world.billing import ISSUER_SETTINGS

__all__ = ["run"]

_TREE = uuid.uuid4()
_DAY = datetime.date(2031, 1, 31)
_EURO = 1_000_000
_CHARGE = """INSERT INTO charges (master_id, account_id, id, billed_id, account_name, product, description,
  source_id, quantity, unit_price, amount, prepaid, starts_at, ends_at, invoice_starts_at, invoice_ends_at)
  VALUES ($1, $1, $2, $1, 'A', 'PLAN', 'Plan', $2, 1, 1000000, 1000000, 0, 'yesterday', 'today', 'yesterday',
  'today')"""


async def _issue(url: str) -> None:
    """An invoice of 1.00, with the number T-1."""
    invoice_id, charge_id = uuid.uuid4(), uuid.uuid4()
    line, party = Line("Plan", "A", 1, _EURO, _EURO, _DAY, _DAY), Party("A", "DE")
    days = (_DAY, _DAY, _DAY, _DAY)
    kind, number = InvoiceKind.INVOICE, str(invoice_id)
    document = Document(kind, number, None, None, *days, Currency.EUR, TaxRate(0), party, party, [line], 0)
    row = {"id": number, "master_id": str(_TREE), "account_id": str(_TREE), "kind": "INVOICE"}
    row |= {"issued_at": "today", "due_at": "tomorrow", "starts_at": "yesterday", "ends_at": "today"}
    amounts = {"tax_rate": 0, "net": _EURO, "tax": 0, "prepaid": 0}
    content = json.dumps({**row, **amounts, "currency": "EUR", "xml": invoice_xml(document)})
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "INSERT INTO accounts (master_id, id, name, sort_key, search_key) VALUES ($1, $1, 'A', '', '')",
            _TREE,
        )
        closure = "INSERT INTO account_closure (master_id, ancestor_id, descendant_id, depth)"
        await connection.execute(f"{closure} VALUES ($1, $1, $1, 0)", _TREE)
        await connection.execute(_CHARGE, _TREE, charge_id)
        async with connection.transaction():
            await connection.execute(f"SELECT set_config('mandant.trees', '{_TREE}', true)")
            await connection.execute("SELECT invoice_issue($1, 'T-', $2)", content, [charge_id])
    finally:
        await connection.close()


async def _numbers(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch("SELECT number FROM invoices ORDER BY sequence")]
    finally:
        await connection.close()


@pytest.fixture
def migrated(addresses: DatabaseAddresses) -> Iterator[DatabaseAddresses]:
    """A database of the test's own."""
    name = asyncio.run(clone(addresses.owner))
    yield DatabaseAddresses(named(addresses.owner, name), named(addresses.application, name))
    asyncio.run(drop(addresses.owner, name))


@pytest.fixture
def settings(migrated: DatabaseAddresses) -> dict[str, str]:
    """Of a database with one invoice."""
    asyncio.run(_issue(migrated.owner))
    return {"DATABASE_URL": migrated.application, "MANDANT_MIGRATION_DATABASE_URL": migrated.owner}


def test_an_invoice_is_taken_back_once(
    run: Run, migrated: DatabaseAddresses, settings: dict[str, str]
) -> None:
    prefix = {"MANDANT_INVOICE_PREFIX": "CN-"}
    credited = run("invoice", "credit", "T-1", "--reason", "Wrong", **settings, **prefix)
    assert credited == Finished(0, "CN-2 takes T-1 back.\n", "")
    for number in ("T-1", "CN-2"):
        again = run("invoice", "credit", number, "--reason", "Wrong", **settings)
        assert "cancelled before" in assert_one_sentence(again)
    assert "nothing with this id" in assert_one_sentence(
        run("invoice", "credit", "T-3", "--reason", "Wrong", **settings)
    )
    assert asyncio.run(_numbers(migrated.owner)) == ["T-1", "CN-2"]


def test_the_application_s_role_takes_nothing_back(
    run: Run, migrated: DatabaseAddresses, settings: dict[str, str]
) -> None:
    """It sees no invoice of a tree that nobody let it in."""
    only = settings | {"MANDANT_MIGRATION_DATABASE_URL": migrated.application}
    assert_one_sentence(run("invoice", "credit", "T-1", "--reason", "Wrong", **only))
    assert asyncio.run(_numbers(migrated.owner)) == ["T-1"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"MANDANT_ISSUER_NAME": "Mandant GmbH"},
        ISSUER_SETTINGS | {"MANDANT_ISSUER_POSTCODE": ""},
        {"MANDANT_ISSUER_POSTCODE": "10115"},
        {"MANDANT_ISSUER_COUNTRY": "Germany"},
        {"MANDANT_ISSUER_VAT_ID": "123456789"},
        {"MANDANT_TAX_RATE": "-1"},
        {"MANDANT_TAX_RATE": "100"},
        {"MANDANT_TAX_RATE": "7.123"},
        {"MANDANT_TAX_RATE": "NaN"},
        {"MANDANT_INVOICE_PREFIX": "2031"},
        {"MANDANT_INVOICE_PREFIX": "<&>"},
    ],
    ids=str,
)
def test_an_issuer_that_is_none(run: Run, wrong: dict[str, str]) -> None:
    """Told before anything is begun."""
    assert "setting" in assert_one_sentence(run("worker", **wrong))


def test_an_issuer_without_a_postcode() -> None:
    """Where the country's addresses do without."""
    settings = Settings(
        issuer=IssuerSettings(
            name="Mandant Ltd",
            street="1 Queen's Road",
            city="Central",
            country="HK",
            vat_id="HK12345678",
        )
    )
    issuer = invoice_issuer(settings)
    assert issuer is not None
    assert (issuer.party.country, issuer.party.postcode) == ("HK", None)
