"""The deployment that the settings describe."""

from resolvers.domains.dns import Dns, NameServer
from resolvers.messages.transport import Envelope, Sms, Transport
from resolvers.single_sign_on.issuers import Issuers
from resolvers.single_sign_on.outgoing import OutgoingRequests
from resolvers.webhooks.requests import WebhookRequests
from schema.fields.deployment import Deployment
from server.settings.contact_key import key_source
from server.settings.invoice_issuer import invoice_issuer
from server.settings.payments import payment_provider
from server.settings.secret_keys import keyring_source, log_lost, signer_source
from server.settings.settings import Settings
from server.transports.by_place import ByPlace, domain_of
from server.transports.local_outbox import LocalOutbox, MailToOutbox, SmsToOutbox
from server.transports.sms_gateway import SmsGateway
from server.transports.smtp import SmtpServer, SmtpTransport

_SMS_AT_ONCE = 10
"""Requests of one worker to the gateway."""


def deployment(settings: Settings) -> Deployment:
    """For requests and for jobs."""
    dns = Dns([NameServer(*server) for server in settings.name_servers])
    return Deployment(
        public_url=settings.link_base,
        app_url=settings.app_url,
        payments=payment_provider(settings.payment_provider),
        contact_key=key_source(settings),
        keyring=keyring_source(settings, log_lost),
        signers=signer_source(settings),
        mail_host=settings.mail_domain,
        mail=_mail(settings),
        sms=_sms(settings),
        months_kept=settings.message_months,
        dns=dns,
        webhook_requests=WebhookRequests(dns, private_addresses=settings.webhook_private_addresses),
        issuers=Issuers(OutgoingRequests(private_addresses=settings.private_issuers)),
        subaccount_set_up=settings.subaccounts,
        review=settings.review,
        issuer=invoice_issuer(settings),
        suspended_accounts=settings.suspended_accounts,
    )


def platform_mail(settings: Settings) -> Transport[Envelope] | None:
    """What the platform's own mail is handed to, one at a time; None: it waits."""
    if settings.smtp_url is None:
        return MailToOutbox(local_outbox(settings)) if settings.local_outbox else None
    return SmtpTransport(SmtpServer.of(settings.smtp_url))


def local_outbox(settings: Settings) -> LocalOutbox:
    """Beside the embedded PostgreSQL."""
    return LocalOutbox(settings.folder / "outbox")


def _mail(settings: Settings) -> Transport[Envelope] | None:
    if settings.smtp_url is None:
        return MailToOutbox(local_outbox(settings)) if settings.local_outbox else None
    most = settings.smtp_connections
    relay = SmtpTransport(SmtpServer.of(settings.smtp_url), most)
    return ByPlace(relay, domain_of, max(1, most // 2))


def _sms(settings: Settings) -> Transport[Sms] | None:
    if settings.sms_url is None or settings.sms_secret is None:
        return SmsToOutbox(local_outbox(settings)) if settings.local_outbox else None
    secret = settings.sms_secret.get_secret_value().encode()
    gateway = SmsGateway(settings.sms_url, secret, _SMS_AT_ONCE)
    return ByPlace(gateway, lambda _: "", _SMS_AT_ONCE)
