"""The deployment that the settings describe."""

from resolvers.domains.dns import Dns, NameServer
from schema.fields.deployment import Deployment
from server.settings.contact_key import key_source
from server.settings.invoice_issuer import invoice_issuer
from server.settings.payments import payment_provider
from server.settings.secret_keys import keyring_source, log_lost, signer_source
from server.settings.settings import Settings


def deployment(settings: Settings) -> Deployment:
    """For requests and for jobs."""
    return Deployment(
        public_url=settings.link_base,
        payments=payment_provider(settings.payment_provider),
        contact_key=key_source(settings),
        keyring=keyring_source(settings, log_lost),
        signers=signer_source(settings),
        mail_host=settings.mail_domain,
        smtp_url=settings.smtp_url,
        dns=Dns([NameServer(*server) for server in settings.name_servers]),
        subaccount_set_up=settings.subaccounts,
        review=settings.review,
        issuer=invoice_issuer(settings),
        suspended_accounts=settings.suspended_accounts,
    )
