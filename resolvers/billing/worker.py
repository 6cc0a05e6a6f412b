"""What workers do about billing: charge what has ended and issue what is due, of one account (R27, R55).

Each cycle and each invoice in a transaction of its own, so that one that is killed leaves none by halves.
"""

from engine.writes.sessions import WriteSessions
from models.base.ids import AccountKey
from resolvers.billing.charge import charge_cycle
from resolvers.billing.document import Issuer
from resolvers.billing.issue import issue_invoice
from resolvers.billing.status_history import SuspendedAccounts


async def charge_cycles(sessions: WriteSessions, due: AccountKey, suspended: SuspendedAccounts) -> None:
    """Charge all cycles of the account's subscription that have ended, the first one first."""
    more = True
    while more:
        async with sessions.begin() as session:
            more = await charge_cycle(session, due, suspended)


async def issue_invoices(sessions: WriteSessions, issuer: Issuer, due: AccountKey) -> None:
    """Issue all invoices that the account is to get, the oldest first."""
    more = True
    while more:
        async with sessions.begin() as session:
            more = await issue_invoice(session, issuer, due) is not None
