"""All that streams need, put together."""

from dataclasses import dataclass

from engine.database.pool import Pool
from server.graphql.documents import Documents
from server.graphql.named_documents import NamedDocuments
from server.graphql.runner import OperationRunner
from server.live.admittance import Admittance
from server.live.event_stream import EventStreams
from server.live.following import Following
from server.live.operations import Operations
from server.live.socket import LiveSocket
from server.live.streams import Streams
from server.live.watching import Watching


@dataclass(frozen=True)
class Live:
    """Of one process."""

    watching: Watching
    socket: LiveSocket
    event_streams: EventStreams

    @classmethod
    def of(
        cls,
        runner: OperationRunner,
        documents: Documents,
        named: NamedDocuments,
        streams: Streams,
        primary: Pool,
    ) -> "Live":
        """`primary`: the connections that it is watched by."""
        watching = Watching(primary)
        following = Following(runner.schema, runner, watching)
        operations = Operations(documents, named, runner, runner.beside, following)
        admittance = Admittance(runner, watching, streams)
        return cls(
            watching,
            LiveSocket(operations, admittance, streams),
            EventStreams(operations, admittance, streams),
        )
