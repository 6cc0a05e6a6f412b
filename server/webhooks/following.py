"""What the key of a webhook may read: the events that come next, and what is told of each."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import DocumentNode, ExecutionResult, GraphQLError, parse

from authz.callers.principals import Credentials
from models.base.ids import Kind, present
from models.base.ids import parse as parse_id
from resolvers.webhooks.rounds import Found, WebhookAtWork
from server.failures.errors import Unauthenticated, present_error
from server.graphql.event_documents import EventDocuments
from server.graphql.runner import OperationRunner
from server.http.request import GraphQLRequest

PAGE = 100
"""Events that are read at once."""
_EVENTS = """query ($account: ID!, $after: String, $types: [EventType!], $below: Boolean!, $first: Int!,
  $since: DateTime, $until: DateTime) {
  account(id: $account) {
    events(first: $first, after: $after, types: $types, includeDescendants: $below, since: $since,
      until: $until, orderBy: OLDEST_FIRST) { edges { cursor node { id } } pageInfo { hasNextPage } } } }"""
_TOLD = """query ($ids: [ID!]!) {
  nodes(ids: $ids) { ... on Event { id type cursor subjectId createdAt account { id } } } }"""
_LONGEST_DATA = 64 * 1024
"""Bytes of the data that a document makes."""


class KeyStoppedError(Exception):
    """The webhook's key does not work any more, or may not read the account's log."""


@dataclass(frozen=True)
class Told:
    """An event as a delivery tells it. `type`: its name in the API."""

    id: str
    type: str
    cursor: str
    subject_id: str
    account_id: str | None
    created_at: str


class KeyReader:
    """Reads in the name of the keys of webhooks, as the API answers them now."""

    def __init__(self, runner: OperationRunner, documents: EventDocuments) -> None:
        self._runner = runner
        self._documents = documents
        self._events, self._told = parse(_EVENTS), parse(_TOLD)

    async def next_events(self, webhook: WebhookAtWork) -> Found:
        """The events that come next, for the first time. Raises KeyStoppedError."""
        return await self._found(webhook, webhook.row["read_cursor"], None, None)

    async def replayed(self, webhook: WebhookAtWork) -> Found:
        """The events that come next in the replay. Raises KeyStoppedError."""
        replay = webhook.replay
        if replay is None:
            raise AssertionError("a replay is under way")
        return await self._found(webhook, replay.cursor, replay.since, replay.until)

    async def told(self, key: Credentials, event_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Told]:
        """Those of the events that the key may read now. Raises KeyStoppedError."""
        if not event_ids:
            return {}
        ids = [present(Kind.EVENT, event_id) for event_id in event_ids]
        data = await self._data(_TOLD, self._told, {"ids": ids}, key)
        found: dict[uuid.UUID, Told] = {}
        for node in data["nodes"]:
            event_id = None if node is None else parse_id(Kind.EVENT, node["id"])
            if node is not None and event_id is not None:
                account_id = None if node["account"] is None else node["account"]["id"]
                found[event_id] = Told(
                    node["id"], node["type"], node["cursor"], node["subjectId"], account_id, node["createdAt"]
                )
        return found

    async def made(self, key: Credentials, document: str, event: Told) -> dict[str, Any]:
        """What the webhook's document makes of an event: `data`, and `errors` where there are any."""
        variables: dict[str, object] = {
            "eventId": event.id,
            "subjectId": event.subject_id,
            "accountId": event.account_id,
        }
        try:
            parsed = self._documents.parsed(document, variables)
            request = GraphQLRequest(document, None, variables)
            answer = await self._runner.as_known(request, parsed, key, _place(key))
        except GraphQLError as error:
            return {"data": None, "errors": [_presented(error, event)]}
        except Unauthenticated:
            raise KeyStoppedError from None
        if not isinstance(answer, ExecutionResult):
            return {"data": orjson.Fragment(answer)} if len(answer) <= _LONGEST_DATA else _too_long(event)
        if len(orjson.dumps(answer.data)) > _LONGEST_DATA:
            return _too_long(event)
        errors = [_presented(error, event) for error in answer.errors or ()]
        return {"data": answer.data, **({"errors": errors} if errors else {})}

    async def _found(
        self,
        webhook: WebhookAtWork,
        after: str | None,
        since: datetime.datetime | None,
        until: datetime.datetime | None,
    ) -> Found:
        row = webhook.row
        variables: dict[str, object] = {
            "account": present(Kind.ACCOUNT, webhook.account.account_id),
            "after": after,
            "types": row["types"] or None,
            "below": row["include_descendants"],
            "first": PAGE,
            "since": None if since is None else since.isoformat(),
            "until": None if until is None else until.isoformat(),
        }
        data = await self._data(_EVENTS, self._events, variables, webhook.key)
        events = (data["account"] or {}).get("events")
        if events is None:
            raise KeyStoppedError
        edges = events["edges"]
        ids = [parse_id(Kind.EVENT, edge["node"]["id"]) for edge in edges]
        return Found(
            [event_id for event_id in ids if event_id is not None],
            edges[-1]["cursor"] if edges else after,
            not events["pageInfo"]["hasNextPage"],
        )

    async def _data(
        self, source: str, document: DocumentNode, variables: dict[str, object], key: Credentials
    ) -> dict[str, Any]:
        request = GraphQLRequest(source, None, variables)
        try:
            answer = await self._runner.as_known(request, document, key, _place(key))
        except Unauthenticated:
            raise KeyStoppedError from None
        if isinstance(answer, ExecutionResult):
            return answer.data or {"account": None, "nodes": []}
        found: dict[str, Any] = orjson.loads(bytes(answer))
        return found


def _place(key: Credentials) -> str:
    """What reads of the key are counted against, in place of a network address: each has a share of its
    own."""
    return key.digest.hex()


def _presented(error: GraphQLError, event: Told) -> Any:
    return present_error(error, event.id, hide_suggestions=False)


def _too_long(event: Told) -> dict[str, Any]:
    message = f"The data has more than {_LONGEST_DATA // 1024} KB: ask for less."
    return {
        "data": None,
        "errors": [_presented(GraphQLError(message, extensions={"code": "COST_EXCEEDED"}), event)],
    }
