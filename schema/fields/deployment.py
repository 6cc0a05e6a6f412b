"""What a deployment has decided: where it is reached, who takes payments, who issues invoices."""

from dataclasses import dataclass, field

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.billing.document import Issuer
from resolvers.billing.status_history import SuspendedAccounts
from resolvers.domains.dns import Dns
from resolvers.inputs.address_digests import ContactKey, KeySource
from resolvers.messages.attachments.room import AttachmentRoom
from resolvers.messages.delivery.first_shares import FirstShares
from resolvers.messages.tracking.signers import SignerSource, no_signers
from resolvers.messages.transport import Envelope, Sms, Transport
from resolvers.payments.provider import PaymentProvider
from resolvers.review.policy import ReviewPolicy
from resolvers.sealing.keyring import KeyringSource, no_keyring
from resolvers.single_sign_on.issuers import Issuers
from resolvers.single_sign_on.outgoing import OutgoingRequests
from resolvers.staff.request_subaccounts import SubaccountSetUp
from resolvers.templates.rendering.renderer import Renderer
from resolvers.webhooks.requests import WebhookRequests


def no_contact_key() -> ContactKey:
    """The key of a deployment that has none: nothing is sent. Raises SENDS_UNAVAILABLE."""
    raise Refusal(RefusalCode.SENDS_UNAVAILABLE)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One for all requests and jobs of a process."""

    public_url: str
    """Where people reach the server, without a slash at the end; links in e-mails begin with it."""
    payments: PaymentProvider
    app_url: str | None = None
    """Where the pages of the customer's app are; None: people use the server's own."""
    contact_key: KeySource = no_contact_key
    """The key that contacts are hashed with. It raises a Refusal where there is none."""
    keyring: KeyringSource = no_keyring
    """The secrets with which values are sealed. It raises a Refusal where there are none."""
    signers: SignerSource = no_signers
    """What signs the links in messages. It raises a Refusal where there are no secrets."""
    mail_host: str = "localhost"
    """The host under which the names are that customers' records in DNS lead to."""
    mail: Transport[Envelope] | None = None
    """What e-mails are handed to; None: they wait."""
    attachment_room: AttachmentRoom = field(default_factory=AttachmentRoom)
    """For the files of e-mails that are handed over."""
    first_shares: FirstShares = field(default_factory=FirstShares)
    """Whose messages go first."""
    sms: Transport[Sms] | None = None
    """What SMS are handed to; None: they wait."""
    dns: Dns = field(default_factory=Dns)
    """How the records of domains are looked up."""
    webhook_requests: WebhookRequests = field(default_factory=lambda: WebhookRequests(Dns()))
    """What delivers events to webhooks."""
    issuers: Issuers = field(default_factory=lambda: Issuers(OutgoingRequests()))
    """Who signs people in, for single sign-on."""
    months_kept: int = 13
    """How many whole months messages are kept besides the present one."""
    renderer: Renderer = field(default_factory=Renderer)
    """What renders templates."""
    subaccount_set_up: SubaccountSetUp = SubaccountSetUp.SELF_SERVICE
    """Whether platform support has to unlock subaccounts first."""
    review: ReviewPolicy = ReviewPolicy.OFF
    """Whether accounts may send only after platform support approved a sample of their contacts."""
    issuer: Issuer | None = None
    """Who issues invoices; None: nobody."""
    suspended_accounts: SuspendedAccounts = SuspendedAccounts.PAUSE
    """What a cycle costs throughout which an account was suspended."""

    async def close(self) -> None:
        """End what it has started, and give connections back."""
        await self.renderer.close()
        if self.mail is not None:
            await self.mail.close()
        if self.sms is not None:
            await self.sms.close()
