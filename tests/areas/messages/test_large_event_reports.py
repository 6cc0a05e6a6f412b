"""As many events as one request may have, and the ways in which a request can bring them."""

import json
from typing import Any

from models.messages.tables import MessageStatus
from resolvers.messages.events.given import MOST_EVENTS
from server.http.request import BODY_LIMIT, LARGE_BODY_LIMIT
from tests.areas.messages.shop import Shop
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.world.messages import event, give_message, message_id, report
from tests.world.world import World


async def _sent(world: World, shop: Shop) -> str:
    return message_id(shop.account, await give_message(world, shop.account, status=MessageStatus.SENT))


async def test_ten_thousand_fit_into_one_request(api: Api, shop: Shop, world: World) -> None:
    """They are told twice. A body that is longer than other requests may be, and one that is too long."""
    ids = [await _sent(world, shop) for _ in range(3)]
    given = [event(f"event-{number}", ids[number % 3]) for number in range(MOST_EVENTS)]
    wrong = {4: {"kind": "CLICK", "url": "mailto:"}, 9_999: {"messageId": "mmsg_none"}}
    given = [each | wrong.get(number, {}) for number, each in enumerate(given)]
    assert BODY_LIMIT < len(json.dumps(given)) < LARGE_BODY_LIMIT
    for is_new in (True, False):
        outcomes = await report(api, shop.owner, shop.account, given)
        assert [each["index"] for each in outcomes] == list(range(MOST_EVENTS))
        told = [(each["error"] or {}).get("field", each["isNew"]) for each in outcomes]
        assert told == [
            {4: ["input", "events", "4", "url"], 9_999: ["input", "events", "9999", "messageId"]}.get(
                number, is_new
            )
            for number in range(MOST_EVENTS)
        ]
    values = {"accountId": shop.account.id, "stream": "TRANSACTIONAL"}
    long = [{**each, "url": "https://example.com/" + "a" * 380} for each in given]
    for events, code in ((long, "PAYLOAD_TOO_LARGE"), ([*given, given[0]], "BAD_USER_INPUT")):
        refused = await attempt(api, "messageEventsReport", shop.owner, **values, events=events)
        assert refused.code == code


async def test_events_are_the_same_wherever_they_stand(api: Api, shop: Shop, world: World) -> None:
    """In the input, in a variable of their own, one alone without a list, and in the document."""
    id_, at = await _sent(world, shop), event("", "")["occurredAt"]
    given = {"kind": "OPEN", "occurredAt": at, "messageId": id_}
    account = shop.account.id
    literal = (
        f'{{accountId: "{account}", stream: TRANSACTIONAL, events: [{{key: "4", kind: OPEN, '
        f'occurredAt: "{at}", messageId: "{id_}"}}, {{key: "5", kind: OPEN, occurredAt: "{at}", '
        'messageId: "none"}]}'
    )
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "($input: MessageEventsReportInput!)": (
            "$input",
            {"input": {"accountId": account, "stream": "TRANSACTIONAL", "events": [{"key": "1", **given}]}},
        ),
        "($events: [MessageEventInput!]!)": (
            f'{{accountId: "{account}", stream: TRANSACTIONAL, events: $events}}',
            {"events": [{"key": "2", **given}]},
        ),
        "($events: [MessageEventInput!]! = [])": (
            f'{{accountId: "{account}", stream: TRANSACTIONAL, events: $events}}',
            {"events": {"key": "3", **given}},
        ),
        "": (literal, {}),
    }
    selection = """outcomes { ...of __typename number: index } userErrors { code } } }
      fragment of on MessageEventOutcome {
        new: isNew error { __typename code ... on UserError { field } }
      }"""
    found = []
    for head, (input_, variables) in ways.items():
        query = f"mutation Report{head} {{ messageEventsReport(input: {input_}) {{ {selection}"
        answer = await api.ask(query, shop.owner, **variables)
        assert answer.codes == []
        found += answer.data["messageEventsReport"]["outcomes"]
    new = {"new": True, "error": None, "__typename": "MessageEventOutcome", "number": 0}
    error = {"__typename": "RefusedError", "code": "NOT_FOUND"}
    field = ["input", "events", "1", "messageId"]
    assert found == [new] * 4 + [{**new, "new": False, "error": {**error, "field": field}, "number": 1}]
    assert list(found[0]) == ["new", "error", "__typename", "number"]
