"""The deployment that the settings describe."""

from resolvers.domains.dns import Dns, NameServer
from resolvers.messages.transport import Transport
from schema.fields.deployment import Deployment
from server.settings.contact_key import key_source
from server.settings.invoice_issuer import invoice_issuer
from server.settings.payments import payment_provider
from server.settings.secret_keys import keyring_source, log_lost
from server.settings.settings import Settings
from server.transports.by_domain import ByDomain
from server.transports.smtp import SmtpServer, SmtpTransport


def deployment(settings: Settings) -> Deployment:
    """For requests and for jobs."""
    return Deployment(
        public_url=settings.link_base,
        payments=payment_provider(settings.payment_provider),
        contact_key=key_source(settings),
        keyring=keyring_source(settings, log_lost),
        mail_host=settings.mail_domain,
        mail=_mail(settings),
        dns=Dns([NameServer(*server) for server in settings.name_servers]),
        subaccount_set_up=settings.subaccounts,
        review=settings.review,
        issuer=invoice_issuer(settings),
        suspended_accounts=settings.suspended_accounts,
    )


def _mail(settings: Settings) -> Transport | None:
    if settings.smtp_url is None:
        return None
    most = settings.smtp_connections
    return ByDomain(SmtpTransport(SmtpServer.of(settings.smtp_url), most), max(1, most // 2))
