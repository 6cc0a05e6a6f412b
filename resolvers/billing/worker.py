"""Workers and billing: they charge ended cycles and issue due invoices of one account (R27, R55).

Each cycle and each invoice has a transaction of its own, so that a killed worker leaves nothing half done.
"""

from engine.writes.sessions import WriteSessions
from models.base.ids import AccountKey
from resolvers.billing.charge import charge_cycle
from resolvers.billing.document import Issuer
from resolvers.billing.issue import issue_invoice
from resolvers.billing.status_history import SuspendedAccounts


async def charge_cycles(sessions: WriteSessions, due: AccountKey, suspended: SuspendedAccounts) -> None:
    """Charge all ended cycles of the account's subscription, the first one first."""
    more = True
    while more:
        async with sessions.begin() as session:
            more = await charge_cycle(session, due, suspended)


async def issue_invoices(sessions: WriteSessions, issuer: Issuer, due: AccountKey) -> None:
    """Issue all due invoices of the account, the oldest first."""
    more = True
    while more:
        async with sessions.begin() as session:
            more = await issue_invoice(session, issuer, due) is not None
