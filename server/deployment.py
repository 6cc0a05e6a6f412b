"""What a deployment has decided about its business, by the settings."""

from resolvers.job_work import Deployment
from server.invoice_issuer import invoice_issuer
from server.payments import payment_provider
from server.settings import Settings


def deployment(settings: Settings) -> Deployment:
    """For the jobs of its workers."""
    provider = payment_provider(settings.payment_provider)
    return Deployment(provider, invoice_issuer(settings), settings.suspended_accounts)
