"""What a demo is deployed with, where its operator has not said otherwise."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

from server.database.clock import Clock
from server.database.connections import connect_as_owner
from server.demo.year import Year
from server.embedded_postgres import DatabaseAddresses
from server.settings.invoice_issuer import invoice_issuer
from server.settings.issuer import IssuerSettings
from server.settings.payments import PaymentProviderName
from server.settings.settings import Settings

_ISSUER = IssuerSettings(
    name="Mandant Demo GmbH",
    street="Beispielweg 1",
    postcode="10115",
    city="Berlin",
    country="DE",
    vat_id="DE123456789",
)
_TAX_RATE = Decimal(19)


def with_demo_settings(settings: Settings) -> Settings:
    """Payments that move no money, where there are none, and an issuer of invoices, where there is none. What
    is sent stays on this machine, if nobody else reaches the server."""
    changes: dict[str, object] = {}
    if settings.payment_provider is PaymentProviderName.NONE:
        changes["payment_provider"] = PaymentProviderName.PRACTICE
    if settings.issuer is None:
        changes |= {"issuer": _ISSUER, "tax_rate": _TAX_RATE}
    if settings.is_for_this_machine:
        changes["local_outbox"] = True
    return settings.model_copy(update=changes)


@asynccontextmanager
async def demo_year(addresses: DatabaseAddresses, settings: Settings) -> AsyncIterator[Year | None]:
    """The past that the demo gets; None in a database of others, whose clock nobody sets."""
    issuer = invoice_issuer(settings)
    if settings.database_url is not None or issuer is None:
        yield None
        return
    owner = connect_as_owner(addresses.owner)
    try:
        yield Year(Clock(owner), issuer)
    finally:
        await owner.dispose()
