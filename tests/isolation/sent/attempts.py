"""Changes of what accounts send that a viewer tries, as far as the model says that they are refused."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from tests.isolation.attempts import Attempt
from tests.isolation.model import Account
from tests.isolation.sight import Json
from tests.isolation.stock.attempts import StockAttempts

_SOME = 4


@dataclass(frozen=True)
class SentAttempts(StockAttempts):
    """What one subject tries."""

    def on_account(self, account: Account) -> Iterator[Attempt]:
        """Some of what is refused there."""
        refused = [each for each in (*self._campaigns(account), *self._messages(account)) if each[2]]
        for mutation, values, code in self.site.chance.sample(refused, min(_SOME, len(refused))):
            yield Attempt(mutation, values, (account,), frozenset({code}))

    def _campaigns(self, account: Account) -> Iterator[tuple[str, Json, str]]:
        sent, stock = self.site.world.sent_by(account), self.site.world.stock(account)
        campaign = {"campaignId": sent.campaign_id}
        known = {**campaign, "expectedVersion": 1}
        new = {"accountId": account.id, "name": "Another", "templateId": stock.template_id}
        writing = self.changing(account, "CAMPAIGNS_WRITE")
        yield "campaignCreate", new, writing
        yield "campaignUpdate", {**known, "name": "Another"}, writing
        yield "campaignDelete", campaign, writing
        yield "campaignCopy", {**campaign, "accountId": account.id}, writing
        sending = self.changing(account, "CAMPAIGNS_SEND")
        yield "campaignSend", known, sending
        yield "campaignSchedule", {**known, "startsAt": "2030-01-01T09:00"}, sending
        yield "campaignApprove", known, sending
        yield "campaignResume", campaign, sending
        holding = self.right(account, "CAMPAIGNS_SEND")
        yield "campaignPause", campaign, holding
        yield "campaignCancel", campaign, holding

    def _messages(self, account: Account) -> Iterator[tuple[str, Json, str]]:
        sent, once = self.site.world.sent_by(account), self.site.once
        here = {"accountId": account.id}
        moment = self.site.later(datetime.timedelta(hours=-1))
        for stream, permission, message_id in (
            ("MARKETING", "CAMPAIGNS_SEND", sent.marketing_id),
            ("TRANSACTIONAL", "TRANSACTIONAL_SEND", sent.transactional_id),
        ):
            of = {**here, "stream": stream}
            message = {
                "idempotencyKey": once("key"),
                "to": sent.numbers[0],
                "text": "STOP",
                "from": "Verdant",
            }
            yield "messageSend", {**of, "messages": [message]}, self.changing(account, permission)
            taking = self.right(account, permission)
            yield "messageCancel", {"messageId": message_id}, taking
            event = {"key": once("key"), "kind": "CLICK", "messageId": message_id, "occurredAt": moment}
            yield "messageEventsReport", {**of, "events": [event]}, taking
            yield "sendingSourcePause", of, self.right(account, "SETTINGS_WRITE")
            yield "sendingSourceResume", of, self.changing(account, "SETTINGS_WRITE")
