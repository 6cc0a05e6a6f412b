"""uvicorn's protocol, with limits for clients that have not sent a whole request yet.

Heads are limited in size and in time. Bodies, and the reading of responses, are limited in time. The number
of connections is limited, and those without a whole request are ended first. Refusals have the form of all
errors. A client that offers another protocol than a websocket is served with this one.
"""

import asyncio
from functools import partial
from typing import ClassVar
from weakref import WeakKeyDictionary

import httptools
from uvicorn._types import HTTPScope
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from server.edge import early_refusals
from server.edge.connection_limits import ConnectionLimits
from server.edge.connection_watch import ConnectionWatch
from server.edge.early_refusals import Refused, refusal
from server.edge.joining_transport import JoiningTransport
from server.edge.request_target import origin_form
from server.edge.socket_protocol import SocketProtocol, end_streams
from server.failures.errors import Failure
from server.live.event_stream import STREAMING

SOCKET_PATH = b"/graphql"
"""Where a websocket can be opened."""

_watches: WeakKeyDictionary[ServerState, ConnectionWatch] = WeakKeyDictionary()


class HttpProtocol(HttpToolsProtocol):
    """For uvicorn's setting `http`. `limit_concurrency` is not set, because it would refuse new clients."""

    limits: ClassVar[ConnectionLimits] = ConnectionLimits()

    transport: JoiningTransport
    _watch: ConnectionWatch
    _is_in_body = False
    _is_refused = False
    """Whether the server drops what the client still sends."""
    _is_stopping = False
    """Whether the next response is the last one."""
    _piece = 0
    """The length of what is being parsed."""
    _begun: HTTPScope | None = None
    """The last request that the server waited for."""
    _unfinished = 0
    """The bytes that have come since then without ending a head or adding to a body."""
    _received = 0
    """The bytes of its body so far."""
    is_watched = False
    """See `Watched`."""
    _without_upgrade = b""
    """The head of a request that offers another protocol, after the offer was taken out."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self.transport = JoiningTransport(transport, self.loop, self._leave_unsent)
        watch = _watches.get(self.server_state)
        if watch is None:
            watch = _watches[self.server_state] = ConnectionWatch(self.loop, self.limits)
        self._watch = watch
        watch.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._is_refused:
            return
        self._piece = len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            if self._becomes_socket():
                self._become_socket(data[offer.args[0] :])
                return
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's
            self.data_received(self._without_upgrade + data[offer.args[0] :])
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause.failure if isinstance(cause, Refused) else early_refusals.MALFORMED)
        else:
            # The usual case: the request is whole, so that there is nothing to wait for.
            if self._is_in_body or self.cycle is None or self.cycle.response_complete:
                self._await_rest()

    def _await_rest(self) -> None:
        if self._begun is not self.scope:
            self._begun = self.scope
            self._unfinished = 0
        self._unfinished += self._piece if self._unfinished else 1
        if self._unfinished > self.limits.head_size:
            self._refuse(early_refusals.too_large(self.limits))
        elif not self._is_in_body:
            self._watch.await_head(self)
        elif self._is_answering():
            self._watch.await_body(self, self._received)
        else:
            self._watch.await_end(self)

    def _is_answering(self) -> bool:
        cycle = self.cycle
        return cycle is not None and not cycle.response_complete and not cycle.disconnected

    def _is_in_head(self) -> bool:
        return self.scope is not None and (self.cycle is None or self.scope is not self.cycle.scope)

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise Refused(early_refusals.NO_TUNNELS)
            if not self._becomes_socket():
                self._without_upgrade = self._head_without_upgrade()
                return
        if not self.url.startswith(b"/"):
            self.url = origin_form(self.url, self.headers)
        limits = self.limits
        # A head that came in one smaller packet need not be measured.
        is_measured = self._piece > limits.head_size or self._begun is self.scope
        if (is_measured and self._head_size() > limits.head_size) or len(self.headers) > limits.header_count:
            raise Refused(early_refusals.too_large(limits))
        # Connections that were served before stay. Those that came last are refused.
        is_crowded = self.cycle is None and self._watch.is_crowded
        if is_crowded or len(self.pipeline) >= limits.pipelined:
            raise Refused(early_refusals.CROWDED)
        if self.parser.should_upgrade():
            super().on_headers_complete()  # which does not start the application yet
            return
        self._is_in_body = True
        self._received = 0
        super().on_headers_complete()
        if self._is_stopping:
            self.cycle.keep_alive = False
        self.headers = []  # the application has the others, and nothing is added to them after the body

    def on_body(self, body: bytes) -> None:
        self._unfinished = 0
        self._received += len(body)
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.body += body
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            cycle.message_event.set()

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._is_in_body = False
        if self.is_watched:
            self._watch.forget(self)
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.more_body = False
            cycle.message_event.set()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch.await_taking(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        # The pieces of an answer are awaited as one: who takes a little of each is slow as well. A stream has
        # no end, and is awaited anew each time.
        if not self._is_answering() or self.cycle.scope["state"].get(STREAMING):
            self._forget_taking()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.flow.write_paused:
            self._forget_taking()

    def _forget_taking(self) -> None:
        if not self.transport.is_closing():
            self._watch.forget_taking(self)

    def shutdown(self) -> None:
        """Answer one more request, which may be on its way, and close. Streams end at once."""
        end_streams(self.app_state)
        self._is_stopping = True
        if self._is_answering():
            self.cycle.keep_alive = False
        limits = self.limits
        seconds = limits.first_seconds if self.cycle is None else limits.last_seconds
        self.loop.call_later(seconds, self._stop_waiting)

    def _stop_waiting(self) -> None:
        if not self._is_answering():
            self.transport.close()
        elif self._is_in_body:
            self._end(early_refusals.STOPPING)

    def is_held(self) -> bool:
        """See `Watched`. The next four too."""
        return self.flow.read_paused

    def taken(self) -> int:
        return self.transport.taken()

    def idle_since(self) -> float | None:
        task = self.timeout_keep_alive_task
        return None if task is None else task.when()

    def time_out(self) -> None:
        if self._waits_for_answer():
            self._refuse(early_refusals.TOO_SLOW)
        else:
            self._abort()

    def give_way(self) -> None:
        self._end(early_refusals.CROWDED)

    def _waits_for_answer(self) -> bool:
        """Whether the client has begun a request to which no byte of a response was sent yet."""
        is_begun = self._is_answering() if self._is_in_body else self._is_in_head()
        return is_begun and not self._is_refused and not self.transport.is_closing()

    def _end(self, failure: Failure) -> None:
        """End the connection at once."""
        if self._waits_for_answer():
            self._refuse(failure)
            self.transport.close()
        else:
            self._abort()

    def _abort(self) -> None:
        self._unset_keepalive_if_required()
        self._watch.remove(self)
        self.transport.abort()

    def _refuse(self, failure: Failure) -> None:
        """Send this response, and read nothing more."""
        self._is_refused = True
        cycle = self.cycle
        if not self._is_answering():
            self._write_refusal(failure)
        elif not self._is_in_body:
            # Requests that came before are answered first. Then the connection is closed.
            cycle.keep_alive = False
            self._watch.forget(self)
        else:
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started or self.pipeline:
                self.transport.abort()
            else:
                self._write_refusal(failure)

    def _write_refusal(self, failure: Failure) -> None:
        self.transport.write(refusal(failure, self.server_state.default_headers))
        self.transport.write_eof()
        self._watch.forget(self)
        self._watch.await_end(self)

    def _leave_unsent(self) -> None:
        self._watch.await_taking(self)

    def _becomes_socket(self) -> bool:
        """Whether the client offers a websocket where there are some. It has to be the connection's first
        request that waits for an answer."""
        is_here = self.url.partition(b"?")[0] == SOCKET_PATH
        return is_here and self._should_upgrade() and not self._is_answering()

    def _become_socket(self, rest: bytes) -> None:
        """Hand the connection over. It keeps its place among all connections until it ends."""
        if rest:
            self._refuse(early_refusals.MALFORMED)  # nothing may follow before the server has agreed
            return
        self._watch.forget(self)
        transport = self.transport.plain
        self.transport = transport  # type: ignore[assignment]  # which the socket gets from here
        self.handle_websocket_upgrade()
        protocol = transport.get_protocol()
        if isinstance(protocol, SocketProtocol):
            protocol.ended = partial(self._watch.remove, self)

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _head_without_upgrade(self) -> bytes:
        """The head without the header `Connection`: without its `upgrade` no protocol is changed. Of its
        other values only `close` matters here."""
        version = self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != b"connection"]
        if not self.parser.should_keep_alive():
            lines.append(b"connection: close")
        return b"\r\n".join((*lines, b"", b""))
