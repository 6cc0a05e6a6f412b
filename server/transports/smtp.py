"""Mail over SMTP, by a few connections that are kept (RFC 5321)."""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTP, SMTPResponseException

from resolvers.messages.transport import Envelope, Handed, Verdict
from server.feedback.statuses import refused_for_good

_PATIENCE = 20.0
_SLOWEST = 100_000
"""Bytes a second. A message takes longer than a word, and its answer comes after all of it."""
_MOST_ON_A_CONNECTION = 100
"""Messages. Servers end connections that never end."""
_LONGEST_ANSWER = 500
_CLOSING = 421
"""The code by which a server says that it ends the connection."""
_FAILURES = (aiosmtplib.SMTPException, OSError, TimeoutError)


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """Where mail is handed to. `over_tls`: from the first byte on; else as soon as the server offers it."""

    host: str
    port: int | None
    username: str | None
    password: str | None
    over_tls: bool

    @classmethod
    def of(cls, url: str) -> Self:
        """The server of `smtp://user:password@host:port` or `smtps://...`."""
        parts = urlsplit(url)
        return cls(
            host=parts.hostname or "",
            port=parts.port,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            over_tls=parts.scheme == "smtps",
        )


class _Connection:
    """An open connection, which hands over one message at a time."""

    def __init__(self, client: SMTP, patience: float) -> None:
        self._client = client
        self._patience = patience
        self._taken = 0
        self._is_healthy = True

    @property
    def is_fresh(self) -> bool:
        """Whether nothing was handed over by it yet."""
        return self._taken == 0

    @property
    def may_stay(self) -> bool:
        """Whether another message may follow."""
        return self._is_healthy and self._taken < _MOST_ON_A_CONNECTION

    async def hand_over(self, envelope: Envelope) -> Handed:
        """Raises what the network causes before the message itself is sent."""
        self._is_healthy = False
        is_ascii = _is_ascii(envelope)
        if not is_ascii and not self._client.supports_extension("smtputf8"):
            self._is_healthy = True
            return Handed(Verdict.REFUSED, "The mail server takes addresses and headers in ASCII alone.")
        refusal = await self._announced(envelope, [] if is_ascii else ["SMTPUTF8"])
        if refusal is not None:
            return refusal
        try:
            answer = await self._client.data(envelope.content, timeout=self._patience_for(envelope))
        except SMTPResponseException as error:
            return self._answered(error.code, error.message)
        except _FAILURES as error:
            return Handed(Verdict.UNKNOWN, _told(error))
        return self._answered(answer.code, answer.message)

    def _patience_for(self, envelope: Envelope) -> float:
        return self._patience + len(envelope.content) / _SLOWEST

    async def end(self) -> None:
        """Say goodbye to a server that answers; leave another one at once."""
        try:
            if self._is_healthy:
                await self._client.quit()
        except _FAILURES:
            pass
        finally:
            self._client.close()

    async def _announced(self, envelope: Envelope, options: list[str]) -> Handed | None:
        """Tell from whom and to whom; the refusal, if it is one."""
        is_sender_known = False
        try:
            await self._client.mail(envelope.sender, options=options, encoding="utf-8")
            is_sender_known = True
            await self._client.rcpt(envelope.recipient, encoding="utf-8")
        except SMTPResponseException as error:
            if error.code == _CLOSING:
                raise ConnectionResetError(error.message) from error
            told = f"{error.code} {error.message}"
            refusal = _judged(told, at_recipient=True) if is_sender_known else _of_sender(told)
        else:
            return None
        with suppress(*_FAILURES):
            await self._client.rset()
            self._is_healthy = True
        return refusal

    def _answered(self, code: int, message: str) -> Handed:
        self._is_healthy = code != _CLOSING
        self._taken += 1
        return _judged(f"{code} {message}", at_recipient=False)


class SmtpTransport:
    """Hands mail to one server. `most`: how many connections it has at once. `patience`: seconds for each
    answer of the server, and more where a large message comes before it."""

    def __init__(self, server: SmtpServer, most: int = 1, patience: float = _PATIENCE) -> None:
        self._server = server
        self._patience = patience
        self._room = asyncio.Semaphore(most)
        self._idle: deque[_Connection] = deque()

    async def hand_over(self, envelope: Envelope) -> Handed:
        """See `Transport`."""
        async with self._room:
            while True:
                try:
                    connection = await self._connection()
                except _FAILURES as error:
                    return Handed(Verdict.LATER, _told(error))
                try:
                    return await connection.hand_over(envelope)
                except _FAILURES as error:
                    # The server may have ended a connection that waited: then a new one shall tell.
                    if connection.is_fresh:
                        return Handed(Verdict.LATER, _told(error))
                finally:
                    await self._leave(connection)

    async def close(self) -> None:
        """See `Transport`."""
        while self._idle:
            await self._idle.pop().end()

    async def _connection(self) -> _Connection:
        if self._idle:
            return self._idle.pop()
        client = SMTP(
            hostname=self._server.host,
            port=self._server.port,
            username=self._server.username,
            password=self._server.password,
            use_tls=self._server.over_tls,
            timeout=self._patience,
        )
        await client.connect()
        return _Connection(client, self._patience)

    async def _leave(self, connection: _Connection) -> None:
        if connection.may_stay:
            self._idle.append(connection)
        else:
            await connection.end()


def _is_ascii(envelope: Envelope) -> bool:
    """Whether its addresses and headers are; what its body is, the headers say."""
    head = envelope.content[: envelope.content.find(b"\r\n\r\n")]
    return envelope.sender.isascii() and envelope.recipient.isascii() and head.isascii()


def _judged(answer: str, *, at_recipient: bool) -> Handed:
    """What the server said to the recipient, or to the message."""
    told = answer[:_LONGEST_ANSWER]
    match answer[0]:
        case "2":
            return Handed(Verdict.ACCEPTED, told)
        case "5":
            status = refused_for_good(answer, at_recipient=at_recipient)
            return Handed(Verdict.REFUSED if status is None else Verdict.BOUNCED, told, status=status)
        case _:
            return Handed(Verdict.LATER, told)


def _of_sender(answer: str) -> Handed:
    """Whatever the server says to the sender, it knows nothing of the recipient yet."""
    return Handed(Verdict.REFUSED if answer[0] == "5" else Verdict.LATER, answer[:_LONGEST_ANSWER])


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:_LONGEST_ANSWER]
