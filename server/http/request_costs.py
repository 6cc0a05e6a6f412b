"""What requests cost that are not GraphQL's: uploads, exports of statistics, and requests of directories.

Each kind has a fixed cost, in fields as an operation's: a request is charged before anything of it is read,
and until then nobody knows how long its list is. An export of contacts and an invoice are read as operations,
so they cost what these cost.
"""

from authz.callers.principals import Credentials
from server.fairness.callers import Callers
from server.fairness.cost_budgets import CostBudgets
from server.http.key_uses import KeyUses

LIST_COST = 50_000
"""Of an uploaded list of contacts or recipients, and of an export of statistics: what is restored of a budget
in a second."""

FILE_COST = 1_000
"""Of an uploaded file of a message."""

SCIM_COST = 1_000
"""Of a request of a directory: a page has 200 people at most."""


class RequestCosts:
    """Of one process."""

    def __init__(self, callers: Callers, budgets: CostBudgets, key_uses: KeyUses) -> None:
        self._callers = callers
        self._budgets = budgets
        self._key_uses = key_uses

    async def charge(self, credentials: Credentials, client_address: str, cost: int) -> None:
        """Take the cost off the budgets of the principal and of its tree, or off that of the place as long as
        the token was not accepted. Raises RateLimited, and takes nothing, where less is left."""
        await self._budgets.charge(self._callers.caller(credentials, client_address), cost)

    def accepted(self, credentials: Credentials) -> None:
        """The database accepted the token: further requests count for whose it is."""
        self._key_uses.note(credentials.digest)
        self._callers.note(credentials)
