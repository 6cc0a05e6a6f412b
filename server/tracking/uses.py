"""Opens and clicks: noted at once, and written a second later, many together.

So a link answers whatever the database does. What is noted waits while the database is away, as long as there
is room; a process that is killed loses what it noted in its last second.
"""

import asyncio
import datetime
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import NamedTuple

from engine.writes.sessions import WriteSessions
from models.base.ids import AccountKey
from resolvers.messages.events.by_link import Followed, take_uses
from resolvers.templates.tracking_links import TrackedLink
from server.failures.errors import failure_of
from server.failures.repeated_lines import minute_lines
from server.tracking.per_minute import PerMinute

_PAUSE_SECONDS = 1.0
_MOST = 10_000
"""That wait. Further ones are not counted."""
_AT_ONCE = 1_000
_KEPT = datetime.timedelta(hours=1)
_MOST_OF_A_LINK = 10
"""In a minute, of a message's opens, and of each of its links."""


class _Use(NamedTuple):
    account: AccountKey
    followed: Followed


class LinkUses:
    """Of one process."""

    def __init__(self, sessions: WriteSessions) -> None:
        self._sessions = sessions
        self._waiting: deque[_Use] = deque()
        self._limit = PerMinute(_MOST_OF_A_LINK)
        self._writing: asyncio.Task[None] | None = None

    def note(self, link: TrackedLink) -> None:
        """Note that the message was opened, or that its link was followed, now."""
        place = None if link.click is None else link.click.place
        if not self._limit.allows((link.message_id, place)):
            return
        if len(self._waiting) >= _MOST:
            minute_lines.warning("opens and clicks not counted", reason="too many wait")
            return
        url = None if link.click is None else link.click.url
        followed = Followed(link.message_id, datetime.datetime.now(datetime.UTC), url)
        self._waiting.append(_Use(AccountKey(link.master_id, link.account_id), followed))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_soon())

    async def close(self) -> None:
        """Write what is not written yet, and stop."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        await self.write()

    async def write(self) -> None:
        """Write what waits, account by account. What cannot be written waits on, for an hour."""
        batches = self._taken()
        while batches:
            account, uses = batches.popleft()
            try:
                async with self._sessions.begin() as session:
                    await take_uses(session, account.account_id, uses)
            except Exception as error:
                self._wait_on(account, uses)
                minute_lines.warning("opens and clicks not written yet", code=failure_of(error).code)
            except BaseException:  # the process ends: the last one to write is `close`
                self._wait_on(account, uses)
                for of_account, left in batches:
                    self._wait_on(of_account, left)
                raise

    def _taken(self) -> deque[tuple[AccountKey, list[Followed]]]:
        of_accounts = defaultdict(list)
        for use in self._waiting:
            of_accounts[use.account].append(use.followed)
        self._waiting.clear()
        return deque(
            (account, uses[first : first + _AT_ONCE])
            for account, uses in of_accounts.items()
            for first in range(0, len(uses), _AT_ONCE)
        )

    def _wait_on(self, account: AccountKey, uses: Sequence[Followed]) -> None:
        oldest = datetime.datetime.now(datetime.UTC) - _KEPT
        self._waiting.extend(_Use(account, use) for use in uses if use.at > oldest)

    async def _write_soon(self) -> None:
        while self._waiting:
            await asyncio.sleep(_PAUSE_SECONDS)
            await self.write()
