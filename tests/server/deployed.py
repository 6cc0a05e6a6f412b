"""The deployment that tests run, where they do not start it by its settings."""

from resolvers.billing.document import Issuer
from resolvers.billing.status_history import SuspendedAccounts
from resolvers.domains.dns import Dns
from resolvers.payments.provider import PaymentProvider
from schema.fields.deployment import Deployment
from server.fairness.cost_budgets import Allowance
from server.settings.payments import NoPayments
from tests.world.contacts import CONTACT_KEY
from tests.world.domains import MAIL_HOST

BOUNDLESS = Allowance(10**12, 10**12)
"""What a caller may spend that asks for all that there is, again and again."""


def deployed(
    payments: PaymentProvider | None = None,
    issuer: Issuer | None = None,
    suspended: SuspendedAccounts = SuspendedAccounts.PAUSE,
    dns: Dns | None = None,
) -> Deployment:
    """Without payments, unless they are given. `dns`: of the system, unless it is given."""
    return Deployment(
        public_url="http://mandant.test",
        payments=payments or NoPayments(),
        contact_key=lambda: CONTACT_KEY,
        mail_host=MAIL_HOST,
        dns=dns or Dns(),
        issuer=issuer,
        suspended_accounts=suspended,
    )
