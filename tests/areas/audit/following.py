"""A client that follows a log by its cursor."""

from dataclasses import dataclass, field
from typing import Any

from tests.client.api import Api, Caller
from tests.world.world import Account

_NEXT = """query ($id: ID!, $after: String, $below: Boolean!, $types: [EventType!]) { account(id: $id) {
  events(orderBy: OLDEST_FIRST, first: 3, after: $after, includeDescendants: $below, types: $types) {
    edges { cursor node { id type cursor account { id } after } } } } }"""


@dataclass
class Follower:
    """Whose log it is, and what it has seen of it. Other tests of this server may hold up what is settled."""

    api: Api
    caller: Caller
    account: Account
    below: bool = False
    types: list[str] | None = None
    cursor: str | None = None
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def look(self) -> bool:
        """See what comes next. Returns whether there was something."""
        answer = await self.api.read(
            _NEXT, self.caller, id=self.account.id, after=self.cursor, below=self.below, types=self.types
        )
        edges = answer["account"]["events"]["edges"]
        assert all(edge["cursor"] == edge["node"]["cursor"] for edge in edges)
        self.seen += [edge["node"] for edge in edges]
        if edges:
            self.cursor = edges[-1]["cursor"]
        return bool(edges)

    async def has_seen(self, number: int) -> bool:
        """Look on. Returns whether it has seen so many by now."""
        while await self.look():
            pass
        return len(self.seen) >= number

    @property
    def ids(self) -> list[str]:
        """The ids of what it has seen, in its order."""
        return [node["id"] for node in self.seen]
