"""Answers that never come to an end, or never begin: how long a request takes."""

import asyncio

import pytest

from models.webhooks.tables import WebhookProblem
from resolvers.webhooks.requests import WebhookRequests
from tests.areas.domains.name_server import Zone
from tests.areas.webhooks.receiver import (
    HOST,
    Answering,
    Dribble,
    Endless,
    Receiver,
    close,
    drip_headers,
    flood_headers,
    never,
    promise,
)
from tests.areas.webhooks.requesting import (
    PATIENCE,
    dns,
    private,
    public,
    received,
    receiver,
    tried_at,
    zone,
)

__all__ = ["dns", "private", "public", "received", "receiver", "zone"]


async def test_a_server_that_never_answers(private: WebhookRequests, receiver: Receiver) -> None:
    receiver.answers["/in"] = never
    tried = await tried_at(private, receiver.url("/in"))
    assert (tried.status_code, tried.problem) == (None, WebhookProblem.TIMED_OUT)


@pytest.mark.parametrize(
    "answering",
    [
        drip_headers,
        promise,
        Dribble(b""),
        Dribble(b"HTTP/1.1 "),
        Dribble(b"HTTP/1.1 200 OK\r\nx-more: "),
    ],
)
async def test_a_server_that_never_comes_to_the_end_of_its_headers(
    private: WebhookRequests, receiver: Receiver, answering: Answering
) -> None:
    """Each byte comes soon after the one before: only the time in all ends it."""
    receiver.answers["/in"] = answering
    assert (await tried_at(private, receiver.url("/in"))).problem is WebhookProblem.TIMED_OUT


async def test_headers_that_are_too_long_are_no_answer(private: WebhookRequests, receiver: Receiver) -> None:
    receiver.answers["/in"] = flood_headers
    tried = await tried_at(private, receiver.url("/in"))
    assert (tried.status_code, tried.problem) == (None, WebhookProblem.NOT_ANSWERED)


@pytest.mark.parametrize("code", [200, 503])
@pytest.mark.parametrize("length", [b"content-length: 1000", b"x-length: none"])
async def test_of_an_answer_that_dribbles_the_status_counts(
    private: WebhookRequests, receiver: Receiver, code: int, length: bytes
) -> None:
    """What was taken is not sent again because its answer never ends."""
    receiver.answers["/in"] = Dribble(b"HTTP/1.1 %d X\r\n%b\r\n\r\n" % (code, length))
    tried = await tried_at(private, receiver.url("/in"))
    problem = None if code == 200 else WebhookProblem.REFUSED
    assert (tried.status_code, tried.problem) == (code, problem)


async def test_a_server_that_says_nothing_of_tls(private: WebhookRequests, zone: Zone) -> None:
    """It takes the connection, and is silent."""
    left = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        left.set()

    silent = await asyncio.start_server(listen, "127.0.0.1", 0)
    try:
        port = silent.sockets[0].getsockname()[1]
        tried = await tried_at(private, f"https://{HOST}:{port}/in")
        assert (tried.status_code, tried.problem) == (None, WebhookProblem.TIMED_OUT)
        await asyncio.wait_for(left.wait(), PATIENCE)
    finally:
        silent.close()


async def test_a_server_that_closes(private: WebhookRequests, receiver: Receiver) -> None:
    receiver.answers["/in"] = close
    assert (await tried_at(private, receiver.url("/in"))).problem is WebhookProblem.NOT_ANSWERED


async def test_of_ten_gigabytes_little_is_read(private: WebhookRequests, receiver: Receiver) -> None:
    endless = Endless()
    receiver.answers["/in"] = endless
    tried = await tried_at(private, receiver.url("/in"))
    assert (tried.status_code, tried.problem) == (200, None)
    # What the buffers of two sockets hold.
    assert endless.sent < 20_000_000
