"""The payment providers that a server can be set to."""

import asyncio
import enum

from models.base.ids import TopUpId
from resolvers.payments.provider import Charge, ChargeAnswer, PaymentProvider, PaymentsUnavailable


class PaymentProviderName(enum.StrEnum):
    """Which provider is asked."""

    NONE = "none"
    PRACTICE = "practice"


class NoPayments:
    """Nothing can be paid."""

    async def charge(self, charge: Charge) -> ChargeAnswer:
        """Raises PaymentsUnavailable."""
        raise PaymentsUnavailable


class PracticePayments:
    """For demonstrations and tests: no money is moved. What happens, the reference decides.

    `declined...` is declined, `slow...` takes a second, `silent...` is paid but the first answer gets lost;
    all else is paid. As with real providers, a key is charged once, however often it is asked for; a server
    of several processes would need a provider that lives outside of them.
    """

    def __init__(self) -> None:
        self.charges: dict[TopUpId, Charge] = {}
        """What was asked for so far, once for each key."""

    async def charge(self, charge: Charge) -> ChargeAnswer:
        """See above."""
        first = self.charges.setdefault(charge.key, charge) is charge
        if charge.reference.startswith("silent") and first:
            raise PaymentsUnavailable
        if charge.reference.startswith("slow"):
            await asyncio.sleep(1)
        return ChargeAnswer("card refused" if charge.reference.startswith("declined") else None)


def payment_provider(name: PaymentProviderName) -> PaymentProvider:
    """The provider of that name."""
    match name:
        case PaymentProviderName.NONE:
            return NoPayments()
        case PaymentProviderName.PRACTICE:
            return PracticePayments()
