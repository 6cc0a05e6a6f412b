"""Who issues invoices, by the settings."""

from resolvers.billing.document import Issuer, Party
from resolvers.billing.rounding import TaxRate
from server.settings.settings import Settings


def invoice_issuer(settings: Settings) -> Issuer | None:
    """The issuer; None: no invoices are issued."""
    if settings.issuer is None:
        return None
    party = Party(**settings.issuer.model_dump())
    return Issuer(party, TaxRate(int(settings.tax_rate * 100)), settings.invoice_prefix)
