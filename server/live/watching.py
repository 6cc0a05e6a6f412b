"""Finds out what has changed for all subscribers of a process together: one statement a second, however many
they are, and none while there is nobody.

The statement asks for each watched thing with its subscriber's credentials (see `resolvers.live.watched`). So
it notices as well that somebody may not see it any more: when a token was revoked or has expired, a session
was ended, a right was taken away or has ended by itself.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from time import monotonic
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, LargeBinary, Text, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from authz.callers.principals import ADDRESS_NAME, DIGEST_NAME, KIND_NAME, Credentials
from authz.callers.tokens import Digest
from authz.policy.refusals import Busy, RateLimited
from engine.compiled.sql_text import prepared
from engine.database.pool import Pool
from resolvers.live.watched import BELOW_NAME, SUBJECT_NAME, Watched
from server.failures.errors import kind_of
from server.failures.repeated_lines import repeated_lines
from server.logs.metrics import watched_things

INTERVAL = 0.9
"""Seconds from one look to the next: with the statement itself, less than a second."""

AT_ONCE = 500
"""Things that one statement looks at."""

MOST = 2_000
"""Things of one process: each costs the database 0.1 to 0.5 ms a look."""

MOST_OF_ONE = 200
"""Things of one token."""

_WHAT = "what"
_EACH = (
    func.unnest(
        bindparam(DIGEST_NAME, type_=ARRAY(LargeBinary), required=True),
        bindparam(KIND_NAME, type_=ARRAY(Text), required=True),
        bindparam(ADDRESS_NAME, type_=ARRAY(Text), required=True),
        bindparam(_WHAT, type_=ARRAY(Text), required=True),
        bindparam(SUBJECT_NAME, type_=ARRAY(Uuid), required=True),
        bindparam(BELOW_NAME, type_=ARRAY(Boolean), required=True),
    )
    .table_valued(
        DIGEST_NAME, KIND_NAME, ADDRESS_NAME, _WHAT, SUBJECT_NAME, BELOW_NAME, with_ordinality="place"
    )
    .render_derived("watched")
)
_MARK = func.mandant_watched(
    *(_EACH.c[name] for name in (DIGEST_NAME, KIND_NAME, ADDRESS_NAME, _WHAT, SUBJECT_NAME, BELOW_NAME)),
    type_=Text,
)
_LOOK = prepared(select(func.array_agg(aggregate_order_by(_MARK, _EACH.c.place))))


class Thing(NamedTuple):
    """What is watched, and for whom. `subject`: its id; None of the caller itself."""

    credentials: Credentials
    watched: Watched
    subject: UUID | None = None
    below: bool = False


class Watch:
    """One subscriber's."""

    def __init__(self, thing: Thing) -> None:
        self.thing = thing
        self.mark: str | None = None
        """As it was looked at last; None: it was not yet, or the subscriber may not see it."""
        self.changed = asyncio.Event()
        """The mark is another one, or there is none any more. Whoever waits clears it first."""
        self.lost = asyncio.Event()
        """There is none any more."""

    def found(self, mark: str | None) -> None:
        """Note a mark."""
        if mark is None:
            self.lost.set()
        if mark is None or mark != self.mark:
            self.mark = mark
            self.changed.set()


class Watching:
    """Of one process. `primary`: a replica might not have the change that it is asked about next."""

    def __init__(self, primary: Pool) -> None:
        self._primary = primary
        self._watches: dict[Thing, list[Watch]] = {}
        self._of: Counter[Digest] = Counter()
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def watch(self, thing: Thing) -> Iterator[Watch]:
        """Watch something while the body runs. Raises RateLimited and Busy where too much is watched."""
        watch = Watch(thing)
        if thing not in self._watches:
            self._check_room(thing.credentials.digest)
            self._of[thing.credentials.digest] += 1
            watched_things.inc()
        self._watches.setdefault(thing, []).append(watch)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_again_and_again())
        try:
            yield watch
        finally:
            others = self._watches[thing]
            others.remove(watch)
            if not others:
                del self._watches[thing]
                watched_things.dec()
                self._leave(thing.credentials.digest)

    def _check_room(self, token: Digest) -> None:
        if len(self._watches) >= MOST:
            raise Busy("The server watches as much as it can")
        if self._of[token] >= MOST_OF_ONE:
            raise RateLimited(1, f"You watch {MOST_OF_ONE} things already")

    def _leave(self, token: Digest) -> None:
        self._of[token] -= 1
        if not self._of[token]:
            del self._of[token]

    async def look_at(self, watch: Watch) -> None:
        """Look at one thing now. Raises what `Pool.value` raises."""
        (watch.mark,) = await self._marks([watch.thing])

    async def close(self) -> None:
        """Look at nothing any more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look_again_and_again(self) -> None:
        began = monotonic()
        while True:
            await asyncio.sleep(max(0.0, began + INTERVAL - monotonic()))
            began = monotonic()
            if not self._watches:
                return
            try:
                await self._look()
            except Exception as error:  # nobody is told anything meanwhile; the next look may succeed
                repeated_lines.warning("subscriptions not looked at", **kind_of(error))

    async def _look(self) -> None:
        for things in _batches(list(self._watches)):
            for thing, mark in zip(things, await self._marks(things), strict=True):
                for watch in self._watches.get(thing, ()):
                    watch.found(mark)

    async def _marks(self, things: Sequence[Thing]) -> Sequence[str | None]:
        binds = [thing.credentials.binds for thing in things]
        values = {
            **{name: [each[name] for each in binds] for name in (DIGEST_NAME, KIND_NAME, ADDRESS_NAME)},
            _WHAT: [thing.watched.value for thing in things],
            SUBJECT_NAME: [thing.subject for thing in things],
            BELOW_NAME: [thing.below for thing in things],
        }
        found = await self._primary.row(_LOOK.sql, _LOOK.bound({}, values))
        return cast("Sequence[str | None]", found[0] if found else ())


def _batches(things: Iterable[Thing]) -> Iterator[list[Thing]]:
    rest = iter(things)
    while batch := list(islice(rest, AT_ONCE)):
        yield batch
