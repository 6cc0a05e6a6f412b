"""One round of a webhook: what is new is ordered, and what is due is tried (see `resolvers.webhooks.rounds`).

POST <the webhook's URL>
webhook-id: evnt_...
{"id": "evnt_...", "type": "MEMBER_INVITED", "timestamp": "...", "cursor": "...", "accountId": "acct_...",
 "subjectId": "invt_...", "data": {...}}
"""

import asyncio
import datetime
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
import structlog

from authz.wall.webhook_door import TakenWebhook
from engine.writes.sessions import WriteSessions
from models.base.ids import Kind, present
from models.webhooks.tables import WebhookDeliveryStatus, WebhookPauseReason, WebhookProblem
from resolvers.webhooks.requests import Tried
from resolvers.webhooks.rounds import (
    DueDelivery,
    WebhookAtWork,
    begin_round,
    due_deliveries,
    give_back,
    order_again,
    order_deliveries,
    pause_at_work,
    wait_for_room,
)
from resolvers.webhooks.settling import Outcome, rest_of, settle_round
from resolvers.webhooks.signing_secrets import opened_secrets
from schema.fields.deployment import Deployment
from server.failures.errors import kind_of
from server.jobs.work import DATABASE_AWAY
from server.logs.metrics import webhook_deliveries
from server.transports.webhook_signature import signature_headers
from server.webhooks.following import KeyReader, KeyStoppedError

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_ROUNDS = 25
"""Of one webhook in a row; then others have their turn."""
_TURN = 5.0
"""Seconds after which no further round is begun: one that never answers leaves its place to others."""


@dataclass(frozen=True)
class Letter:
    """What is sent for a delivery. `request_id`: the same for each try."""

    delivery: DueDelivery
    request_id: str
    body: bytes


@dataclass(frozen=True)
class Prepared:
    """What a round sends, and what became of the deliveries of which nothing is sent. What is missing in both
    is still due."""

    letters: Sequence[Letter]
    unsent: Sequence[Outcome]


@dataclass(frozen=True)
class Deliverer:
    """Delivers what is due to the webhooks that a worker has taken. `stopping`: of that worker."""

    sessions: WriteSessions
    deployment: Deployment
    reader: KeyReader
    stopping: asyncio.Event

    async def work_on(self, taken: TakenWebhook) -> None:
        """Work in rounds until nothing is due, the turn is over or the worker stops, and give the webhook
        back. What raises leaves it taken until its minute has passed, so that nobody tries the same again at
        once."""
        end = time.monotonic() + _TURN
        for _ in range(_ROUNDS):
            if self.stopping.is_set() or not await self._round(taken) or time.monotonic() > end:
                break
        async with self.sessions.begin() as session:
            await give_back(session, taken)

    async def _round(self, taken: TakenWebhook) -> bool:
        """Whether there may be more to do at once."""
        async with self.sessions.begin() as session:
            webhook = await begin_round(session, taken)
        if webhook is None:
            return False
        try:
            has_more = await self._read_on(webhook)
            async with self.sessions.begin() as session:
                due = await due_deliveries(session, taken)
                if not due and not webhook.reads_on:
                    await wait_for_room(session, webhook)
            prepared = await self._prepared(webhook, due)
        except KeyStoppedError:
            async with self.sessions.begin() as session:
                await pause_at_work(session, webhook, WebhookPauseReason.KEY_STOPPED)
            return False
        outcomes = [*await self._sent(webhook, prepared.letters), *prepared.unsent]
        async with self.sessions.begin() as session:
            await settle_round(session, webhook, outcomes)
        for outcome in outcomes:
            webhook_deliveries.labels(outcome=_name(outcome)).inc()
        return not rest_of(webhook, outcomes) and (has_more or bool(due))

    async def _read_on(self, webhook: WebhookAtWork) -> bool:
        """Order what is new, and what is replayed. Whether there may be more of it."""
        if not webhook.reads_on:
            return False
        found = await self.reader.next_events(webhook)
        async with self.sessions.begin() as session:
            await order_deliveries(session, webhook, found)
        if webhook.replay is None:
            return not found.is_all
        again = await self.reader.replayed(webhook)
        async with self.sessions.begin() as session:
            await order_again(session, webhook, again)
        return not (found.is_all and again.is_all)

    async def _prepared(self, webhook: WebhookAtWork, due: Sequence[DueDelivery]) -> Prepared:
        """What is sent, by the rights that the key has now. What it may not read is withheld. Where a
        document cannot be read, that is a failed try of this delivery, and those behind it wait for the next
        round: so one event never stops the others."""
        told = await self.reader.told(
            webhook.key, [each.event_id for each in due if each.event_id is not None]
        )
        letters: list[Letter] = []
        unsent: list[Outcome] = []
        for delivery in due:
            if delivery.event_id is None:
                letters.append(_test(webhook, delivery))
                continue
            event = told.get(delivery.event_id)
            if event is None:
                unsent.append(Outcome(delivery, None))
                continue
            document = webhook.row["document"]
            begun = time.monotonic()
            try:
                # One after the other: a webhook has no more of the database than any other caller.
                made = {} if document is None else await self.reader.made(webhook.key, document, event)
            except DATABASE_AWAY as error:
                _log.warning(
                    "a webhook's document was not read", webhook=str(webhook.taken.id), **kind_of(error)
                )
                milliseconds = round((time.monotonic() - begun) * 1000)
                problem = WebhookProblem.DATA_NOT_READ
                unsent.append(Outcome(delivery, Tried(None, problem, milliseconds)))
                break
            body = {
                "id": event.id,
                "type": event.type,
                "timestamp": event.created_at,
                "cursor": event.cursor,
                "accountId": event.account_id,
                "subjectId": event.subject_id,
                **made,
            }
            letters.append(Letter(delivery, event.id, orjson.dumps(body)))
        return Prepared(letters, unsent)

    async def _sent(self, webhook: WebhookAtWork, letters: Sequence[Letter]) -> list[Outcome]:
        if not letters:
            return []
        now = datetime.datetime.now(datetime.UTC)
        secrets = opened_secrets(self.deployment.keyring(), webhook.row, now)
        return list(await asyncio.gather(*[self._post(webhook.row, secrets, letter) for letter in letters]))

    async def _post(self, row: Mapping[str, str], secrets: Sequence[bytes], letter: Letter) -> Outcome:
        now = datetime.datetime.now(datetime.UTC)
        headers = signature_headers(secrets, letter.request_id, letter.body, now)
        return Outcome(
            letter.delivery, await self.deployment.webhook_requests.post(row["url"], letter.body, headers)
        )


def _name(outcome: Outcome) -> str:
    """For the metric."""
    if outcome.tried is None:
        return WebhookDeliveryStatus.WITHHELD.name
    problem = outcome.tried.problem
    return WebhookDeliveryStatus.DELIVERED.name if problem is None else problem.name


def _test(webhook: WebhookAtWork, delivery: DueDelivery) -> Letter:
    delivery_id = present(Kind.WEBHOOK_DELIVERY, delivery.id)
    body = {
        "id": delivery_id,
        "type": "TEST",
        "timestamp": webhook.now.astimezone(datetime.UTC).isoformat(),
        "cursor": None,
        "accountId": present(Kind.ACCOUNT, webhook.account.account_id),
        "subjectId": present(Kind.WEBHOOK, webhook.taken.id),
    }
    return Letter(delivery, delivery_id, orjson.dumps(body))
