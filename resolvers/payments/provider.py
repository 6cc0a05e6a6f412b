"""What Mandant asks of a payment provider, whoever that is."""

import asyncio
import re
from dataclasses import dataclass
from typing import Protocol

from authz.policy.refusals import Refusal, RefusalCode
from models.accounts.tables import Currency
from models.base.ids import TopUpId

_PATIENCE = 10
"""Seconds."""

_CARD_NUMBER = re.compile(r"(?<!\d)(?:\d[ -]?){11,18}\d(?!\d)")


@dataclass(frozen=True)
class Charge:
    """An amount to take, in micro-units. The same key again takes nothing more and gets the same answer."""

    key: TopUpId
    reference: str
    amount: int
    currency: Currency


@dataclass(frozen=True)
class ChargeAnswer:
    """What the provider says. `declined`: its reason; None: it was paid."""

    declined: str | None


class PaymentsUnavailable(Exception):
    """No answer: whether it was paid is not known, so the same has to be asked again."""


class PaymentProvider(Protocol):
    """Takes money by references of its own to what it is taken from."""

    async def charge(self, charge: Charge) -> ChargeAnswer:
        """Take the amount. Raises PaymentsUnavailable."""


async def ask_provider(provider: PaymentProvider, charge: Charge) -> ChargeAnswer:
    """The provider's answer. Raises PAYMENTS_UNAVAILABLE where there is none in time."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await provider.charge(charge)
    except (PaymentsUnavailable, TimeoutError) as error:
        raise Refusal(RefusalCode.PAYMENTS_UNAVAILABLE) from error


def check_no_card_number(text: str, field: str) -> None:
    """Raise BAD_USER_INPUT for what looks like a card number: it must never get here."""
    for found in _CARD_NUMBER.findall(text):
        if _passes_luhn(re.sub(r"\D", "", found)):
            message = "This looks like a card number; send the payment provider's reference."
            raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)


def _passes_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0
