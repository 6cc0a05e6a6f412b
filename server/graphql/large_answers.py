"""Large answers, which clients may take slowly.

A small one is left to the connection, and its request is over. Of a large one the connection gets a piece
when its client has taken the others, and what a process holds of large answers is bounded. Nothing else, such
as a connection to the database, is held meanwhile.
"""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from server.http.byte_budget import ByteBudget

LARGE = 256 * 1024
"""Bytes: a longer answer is sent in pieces."""

PIECE = 64 * 1024
"""Bytes: with so many unsent ones a connection has the next piece wait."""

ANSWERS = ByteBudget("Too many large answers wait to be taken", 256_000_000, 64_000_000)
"""Large answers of this process."""


class LargeAnswer:
    """An ASGI application that sends a response, once. Making it raises Busy where the client's place, or the
    process, has no room for its body. `of_change`: a mutation's, which is done and has to be told, so there
    has to be room before it begins."""

    def __init__(self, response: Response, client_address: str, *, of_change: bool) -> None:
        self._response = response
        self._held = ANSWERS.hold(client_address)
        self._held.grow(len(response.body), must=of_change)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response, body = self._response, bytes(self._response.body)
        start = {"type": "http.response.start", "status": response.status_code}
        try:
            await send({**start, "headers": response.raw_headers})
            for begin in range(0, len(body), PIECE):
                end = begin + PIECE
                # A copy: the last pieces, which may be taken late, are not to keep the whole.
                piece = {"type": "http.response.body", "body": body[begin:end]}
                await send({**piece, "more_body": end < len(body)})
        finally:
            self._held.let_go()
