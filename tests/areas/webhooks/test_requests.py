"""Requests to addresses of customers: what is sent, and what is taken for an answer."""

import pytest

from models.webhooks.tables import WebhookProblem
from resolvers.domains.dns import Dns
from resolvers.webhooks.requests import WebhookRequests
from tests.areas.domains.name_server import Mood, Zone, free_port
from tests.areas.webhooks.receiver import (
    HOST,
    Receiver,
    status,
)
from tests.areas.webhooks.requesting import (
    BODY,
    dns,
    private,
    public,
    received,
    receiver,
    tried_at,
    zone,
)

__all__ = ["dns", "private", "public", "received", "receiver", "zone"]


async def test_a_request_names_the_host_and_checks_its_certificate(
    private: WebhookRequests, receiver: Receiver
) -> None:
    tried = await tried_at(private, receiver.url("/in?a=b"))
    assert (tried.status_code, tried.problem) == (204, None)
    (taken,) = receiver.taken
    assert (taken.path, taken.body) == ("/in?a=b", BODY)
    assert taken.headers["host"] == f"{HOST}:{receiver.port}"
    assert taken.headers["content-type"] == "application/json"


async def test_a_certificate_of_another_name_is_not_accepted(
    private: WebhookRequests, receiver: Receiver, zone: Zone
) -> None:
    zone.publish("A", "other.example.com", "127.0.0.1")
    tried = await tried_at(private, receiver.url("/in", "other.example.com"))
    assert (tried.status_code, tried.problem) == (None, WebhookProblem.NOT_CONNECTED)
    assert not receiver.taken


async def test_a_certificate_that_nobody_vouches_for_is_not_accepted(dns: Dns, receiver: Receiver) -> None:
    tried = await WebhookRequests(dns, private_addresses=True).post(receiver.url("/in"), BODY, {})
    assert tried.problem is WebhookProblem.NOT_CONNECTED
    assert not receiver.taken


async def test_a_name_that_is_not_there(private: WebhookRequests, receiver: Receiver) -> None:
    tried = await tried_at(private, receiver.url("/in", "nowhere.example.com"))
    assert tried.problem is WebhookProblem.NAME_NOT_FOUND


async def test_a_name_server_that_is_silent(private: WebhookRequests, receiver: Receiver, zone: Zone) -> None:
    zone.moods[HOST] = Mood.SILENT
    assert (await tried_at(private, receiver.url("/in"))).problem is WebhookProblem.NAME_NOT_FOUND


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(private: WebhookRequests, receiver: Receiver, code: int) -> None:
    receiver.answers["/in"] = status(code, f"location: {receiver.url('/secret')}")
    tried = await tried_at(private, receiver.url("/in"))
    assert (tried.status_code, tried.problem) == (code, WebhookProblem.REFUSED)
    assert [each.path for each in receiver.taken] == ["/in"]


@pytest.mark.parametrize("code", [400, 401, 404, 429, 500, 503])
async def test_only_200_to_299_is_a_yes(private: WebhookRequests, receiver: Receiver, code: int) -> None:
    receiver.answers["/in"] = status(code)
    tried = await tried_at(private, receiver.url("/in"))
    assert (tried.status_code, tried.problem, tried.is_gone) == (code, WebhookProblem.REFUSED, False)


@pytest.mark.parametrize(
    ("code", "header", "seconds"),
    [
        (429, "retry-after: 120", 120),
        (503, "retry-after: 0", 0),
        (503, "retry-after: Mon, 01 Jan 2001 00:00:00 GMT", 0),
        (503, "retry-after: Fri, 01 Jan 2999 00:00:00 GMT", 86_400),
        (429, "retry-after: 99999999999999999999", 86_400),
        (429, "retry-after: soon", 0),
        (429, "retry-after: -5", 0),
        (429, "x-retry-after: 5", 0),
        (500, "retry-after: 120", 0),
        (204, "retry-after: 120", 0),
    ],
)
async def test_how_long_an_answer_asks_to_wait(
    private: WebhookRequests, receiver: Receiver, code: int, header: str, seconds: int
) -> None:
    receiver.answers["/in"] = status(code, header)
    tried = await tried_at(private, receiver.url("/in"))
    assert (tried.status_code, tried.asked_wait.total_seconds()) == (code, seconds)


async def test_nobody_listens(private: WebhookRequests) -> None:
    tried = await tried_at(private, f"https://{HOST}:{free_port()}/in")
    assert tried.problem is WebhookProblem.NOT_CONNECTED
