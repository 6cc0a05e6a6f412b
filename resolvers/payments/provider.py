"""The interface to a payment provider."""

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
    """An amount to take, in micro-units. The provider takes the same key once, and answers it alike."""

    key: TopUpId
    reference: str
    amount: int
    currency: Currency


@dataclass(frozen=True)
class ChargeAnswer:
    """The provider's answer. `declined`: its reason; None: the amount was paid."""

    declined: str | None


class PaymentsUnavailable(Exception):
    """No answer. Whether the amount was paid is unknown, so that the same charge has to be sent again."""


class PaymentProvider(Protocol):
    """Takes money by its own references to payment methods."""

    async def charge(self, charge: Charge) -> ChargeAnswer:
        """Take the amount. Raises PaymentsUnavailable."""


async def ask_provider(provider: PaymentProvider, charge: Charge) -> ChargeAnswer:
    """The provider's answer. Raises PAYMENTS_UNAVAILABLE after ten seconds without one."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await provider.charge(charge)
    except (PaymentsUnavailable, TimeoutError) as error:
        raise Refusal(RefusalCode.PAYMENTS_UNAVAILABLE) from error


def check_no_card_number(text: str, field: str) -> None:
    """Raise BAD_USER_INPUT for text that looks like a card number. The platform must never store one."""
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
