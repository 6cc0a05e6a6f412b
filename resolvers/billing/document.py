"""The content of an invoice or credit note, before and after it has its number."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from models.accounts.tables import Currency
from models.billing.invoices import InvoiceKind
from resolvers.billing.rounding import TaxRate, tax_on

PAYABLE_WITHIN = datetime.timedelta(days=14)


@dataclass(frozen=True)
class Party:
    """The seller or the buyer. `country`: ISO 3166-1, two letters. Of a buyer only name and country are
    certain."""

    name: str
    country: str
    street: str | None = None
    postcode: str | None = None
    city: str | None = None
    vat_id: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Issuer:
    """The deployment as issuer. All its prices are net, and one rate of VAT holds for them."""

    party: Party
    tax_rate: TaxRate
    number_prefix: str


@dataclass(frozen=True)
class Line:
    """Amounts in micro-units, without VAT: `unit_price` with up to six digits, the others in whole cents."""

    name: str
    account_name: str
    quantity: int
    unit_price: int
    amount: int
    starts_on: datetime.date
    ends_on: datetime.date
    label: str | None = None


@dataclass(frozen=True)
class Document:
    """`number`: or a placeholder until it has one. Days are those of the account's time zone."""

    kind: InvoiceKind
    number: str
    corrects: str | None
    reason: str | None
    issued_on: datetime.date
    due_on: datetime.date
    starts_on: datetime.date
    ends_on: datetime.date
    currency: Currency
    tax_rate: TaxRate
    seller: Party
    buyer: Party
    lines: Sequence[Line]
    prepaid: int
    """In micro-units: what credit paid already."""

    @property
    def net(self) -> int:
        """The sum of all lines (BR-CO-10)."""
        return sum(line.amount for line in self.lines)

    @property
    def tax(self) -> int:
        """The VAT on the net amount."""
        return tax_on(self.net, self.tax_rate)

    @property
    def total(self) -> int:
        """With VAT (BR-CO-15)."""
        return self.net + self.tax

    @property
    def due(self) -> int:
        """The amount to be paid (BR-CO-16)."""
        return self.total - self.prepaid
