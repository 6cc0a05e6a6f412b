"""Who may open a stream, and whether it still may."""

from collections.abc import Iterator
from contextlib import contextmanager

from authz.callers.principals import Credentials
from resolvers.effects.attempts import place_of
from resolvers.live.watched import Watched
from server.failures.errors import Unauthenticated
from server.fairness.gate import Caller, Side
from server.graphql.runner import OperationRunner
from server.live.streams import Streams
from server.live.watching import Thing, Watch, Watching


class Admittance:
    """Of one process."""

    def __init__(self, runner: OperationRunner, watching: Watching, streams: Streams) -> None:
        self._runner = runner
        self._watching = watching
        self._streams = streams

    async def admitted(self, authorization: str | None, client_address: str) -> Credentials:
        """The credentials of a caller whom the database knows. Raises Unauthenticated."""
        credentials = await self._runner.introduced(authorization, client_address)
        watch = Watch(Thing(credentials, Watched.CALLER))
        await self._watching.look_at(watch)
        if watch.mark is None:
            raise Unauthenticated
        await self._runner.accepted(credentials)
        return credentials

    @contextmanager
    def held(self, credentials: Credentials, client_address: str) -> Iterator[Watch]:
        """A stream of the caller's, whose token is watched while the body runs. Raises RateLimited where it
        or its place has too many."""
        caller = self._runner.counted_as(credentials, client_address)
        others = tuple(entry for entry in caller if entry[0] is not Side.PLACE)
        with (
            self._streams.counted((*others, *place(client_address))),
            self._watching.watch(Thing(credentials, Watched.CALLER)) as watch,
        ):
            yield watch


def place(client_address: str) -> Caller:
    """Whom a stream counts against while nobody knows who opens it."""
    return ((Side.PLACE, place_of(client_address)),)


async def token_ends(watch: Watch) -> None:
    """Wait until the token of `Admittance.held` does not work any more."""
    while True:
        await watch.changed.wait()
        watch.changed.clear()
        if watch.mark is None:
            return
