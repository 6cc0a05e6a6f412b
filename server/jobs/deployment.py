"""What a deployment has decided about its business, by the settings."""

from server.jobs.dispatch import Deployment
from server.settings.invoice_issuer import invoice_issuer
from server.settings.payments import payment_provider
from server.settings.settings import Settings


def deployment(settings: Settings) -> Deployment:
    """For the jobs of its workers."""
    provider = payment_provider(settings.payment_provider)
    return Deployment(provider, invoice_issuer(settings), settings.suspended_accounts)
