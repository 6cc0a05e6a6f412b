"""Money on invoices: whole cents, in micro-units, rounded half up (EN 16931, BR-DEC, BR-CO-17)."""

from typing import NewType

CENT = 10_000
"""In micro-units."""

TaxRate = NewType("TaxRate", int)
"""In hundredths of a percent: 1900 is 19 %."""


def cents(amount: int) -> int:
    """An amount, not below zero, rounded to cents."""
    return (amount + CENT // 2) // CENT * CENT


def tax_on(net: int, rate: TaxRate) -> int:
    """The VAT on the sum of all lines, rounded once (BR-CO-17)."""
    return cents_of_fraction(net * rate, 10_000)


def cents_of_fraction(numerator: int, denominator: int) -> int:
    """A fraction of micro-units, not below zero, rounded to cents once."""
    return (2 * numerator + CENT * denominator) // (2 * CENT * denominator) * CENT


def decimal(amount: int) -> str:
    """`12.34`: whole cents in the form of EN 16931."""
    return f"{amount // CENT // 100}.{amount // CENT % 100:02d}"


def price(amount: int) -> str:
    """`0.002`: a price with all its digits, and at least two."""
    whole, fraction = divmod(amount, 1_000_000)
    return f"{whole}.{f'{fraction:06d}'.rstrip('0').ljust(2, '0')}"


def percent(rate: TaxRate) -> str:
    """`19` or `8.1`."""
    return f"{rate // 100}.{rate % 100:02d}".rstrip("0").rstrip(".")
