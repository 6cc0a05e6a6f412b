"""What no gateway tells well, and who is no gateway: refused, and nothing is changed."""

import datetime
from typing import Any

import orjson
import pytest

from server.transports.webhook_signature import signature_headers
from tests.client.api import Api
from tests.server.feedback.sms_gateway import (
    NUMBER,
    OTHER_SECRET,
    SECRET,
    SENDER,
    Gateway,
    Shop,
    open_streams,
    sent,
)
from tests.world.suppressions import ago
from tests.world.world import World

_WRONG: dict[str, tuple[object, str]] = {
    "no object": ("STOP", "An event must be an object."),
    "no type": ({"id": "x"}, "type: "),
    "another type": ({"type": "STOP"}, "type: "),
    "no status": ({"type": "receipt"}, "status: "),
    "another status": ({"type": "receipt", "status": "SENT"}, "status: "),
    "no time": ({"type": "receipt", "status": "FAILED"}, "at: "),
    "no id": ({"type": "receipt", "status": "FAILED", "at": ago(seconds=1)}, "id: "),
    "an id that is a number": ({"type": "receipt", "status": "FAILED", "at": ago(hours=1), "id": 7}, "id: "),
    "no number": ({"type": "answer", "to": SENDER, "text": "STOP", "at": ago(hours=1)}, "from: "),
}
_WRONG_ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "a number without its country": ({"from": "0701234567"}, "from: "),
    "a number of letters": ({"from": "Verdant"}, "from: "),
    "no sender": ({"to": None}, "to: "),
    "no text": ({"text": None}, "text: "),
    "no moment": ({"at": "yesterday"}, "at: "),
    "no offset": ({"at": "2026-11-30T12:00:00"}, "at: "),
    "the future": ({"at": ago(hours=-1)}, "at: "),
    "long ago": ({"at": ago(days=400)}, "at: "),
    "out of the calendar": ({"at": "0001-01-01T00:00:00+23:59"}, "at: "),
}


async def test_what_is_not_well_written_is_told_by_itself(gateway: Gateway, world: World, shop: Shop) -> None:
    """And stops nothing else of the request."""
    await sent(world, shop)
    given = [event for event, _ in _WRONG.values()]
    given += [shop.answer() | change for change, _ in _WRONG_ANSWERS.values()]
    begins = [begin for _, begin in (*_WRONG.values(), *_WRONG_ANSWERS.values())]
    answer = await gateway.post(orjson.dumps({"events": [*given, shop.answer()]}))
    *wrong, last = answer.json()["outcomes"]
    found = [
        (each["outcome"], each["message"].startswith(begin))
        for each, begin in zip(wrong, begins, strict=True)
    ]
    assert found == [("MALFORMED", True)] * len(given), wrong
    assert last["outcome"] == "RECORDED"


async def test_who_is_not_the_gateway_changes_nothing(
    gateway: Gateway, api: Api, world: World, shop: Shop
) -> None:
    await sent(world, shop)
    body = orjson.dumps({"events": [shop.answer()]})
    now = datetime.datetime.now(datetime.UTC)
    signature = signature_headers((SECRET,), "request-1", body, now)["webhook-signature"]
    refused = {
        "another secret": await gateway.post(body, OTHER_SECRET),
        "too old": await gateway.post(body, at=now - datetime.timedelta(minutes=6)),
        "of the future": await gateway.post(body, at=now + datetime.timedelta(minutes=6)),
        "another body": await gateway.post(body + b" ", at=now, webhook_signature=signature),
        "another id": await gateway.post(body, webhook_id="request-2"),
        "another moment": await gateway.post(body, webhook_timestamp=str(int(now.timestamp()) - 7)),
        "no moment": await gateway.post(body, webhook_timestamp="soon"),
        "another scheme": await gateway.post(body, webhook_signature="v2,AAAA"),
        "none": await gateway.client.post("/sms/events", content=body),
    }
    statuses = {
        why: (each.status_code, each.json()["errors"][0]["extensions"]["code"])
        for why, each in refused.items()
    }
    assert statuses == dict.fromkeys(refused, (401, "UNAUTHENTICATED"))
    assert await open_streams(api, shop) == "MT"
    rotated = await gateway.post(body, at=now, webhook_signature=f"v1,AAAA {signature}")
    assert rotated.json()["outcomes"][0]["outcome"] == "RECORDED"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'{"events": []}', 400),
        (b'{"events": {"type": "receipt"}}', 400),
        (b'{"events": [], "events": [1]}', 400),
        (orjson.dumps({"events": [1] * 1_001}), 400),
        (orjson.dumps({"id": "mmsg_1", "to": NUMBER, "from": SENDER, "text": "Hello"}), 400),
        (b" " * 1_000_001, 413),
    ],
)
async def test_requests_that_hold_no_events(gateway: Gateway, body: bytes, status: int) -> None:
    """Also one of ours that somebody sends back to us: it bears our signature."""
    assert (await gateway.post(body)).status_code == status


async def test_other_methods_and_forms(gateway: Gateway) -> None:
    body = orjson.dumps({"events": [1]})
    assert (await gateway.client.get("/sms/events")).status_code == 405
    assert (await gateway.post(body, content_type="text/plain")).status_code == 415
    assert (await gateway.post(body, content_encoding="gzip")).status_code == 415
