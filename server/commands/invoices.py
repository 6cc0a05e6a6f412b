"""Taking invoices back."""

from authz.policy.refusals import Refusal
from engine.writes.sessions import WriteSessions
from resolvers.billing.credit_note import credit_invoice
from server.database.current import owners_database
from server.failures.command_failed import CommandFailed


async def credit(owner_url: str, number_prefix: str, number: str, reason: str) -> str:
    """Issue a credit note for all of an invoice. Its number. Raises CommandFailed."""
    async with owners_database(owner_url) as database:
        sessions = WriteSessions(database)
        try:
            async with sessions.begin() as session:
                return (await credit_invoice(session, number_prefix, number, reason)).number
        except Refusal as refusal:
            raise CommandFailed(refusal.message) from refusal
