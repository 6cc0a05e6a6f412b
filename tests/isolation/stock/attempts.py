"""Changes of what accounts write with that a viewer tries, as far as the model says that they are refused:
what is done would stay."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from tests.isolation.attempts import Attempt
from tests.isolation.model import Account, Asker, Stock
from tests.isolation.rights import Rights
from tests.isolation.rules import READS
from tests.isolation.sight import Json
from tests.isolation.site import Site

_SOME = 6


@dataclass(frozen=True)
class StockAttempts:
    """What one subject tries."""

    site: Site
    rights: Rights
    subject: Asker | None

    def on_account(self, account: Account) -> Iterator[Attempt]:
        """Some of what is refused there."""
        stock = self.site.world.stock(account)
        tried = [
            *self._contacts(stock),
            *self._addresses(stock),
            *self._domains(stock),
            *self._settings(stock),
            *self._webhooks(stock),
        ]
        refused = [each for each in tried if each[2]]
        for mutation, values, code in self.site.chance.sample(refused, min(_SOME, len(refused))):
            yield Attempt(mutation, values, (account,), frozenset({code}))
        for mutation, values, code in self._templates(stock):
            if code:
                yield Attempt(mutation, values, (account,), frozenset({code}))

    def _contacts(self, stock: Stock) -> Iterator[tuple[str, Json, str]]:
        here, contact = {"accountId": stock.account.id}, {"contactId": stock.contact_id}
        list_, once = {"contactListId": stock.list_id}, self.site.once
        changing = self.changing(stock.account, "CONTACTS_WRITE")
        taking = self.right(stock.account, "CONTACTS_WRITE")
        yield "contactUpsert", {**here, "contacts": [{"email": stock.email, "externalId": "x"}]}, changing
        yield "contactUpdate", {**contact, "expectedVersion": 1, "externalId": "x"}, changing
        yield "contactErase", contact, taking
        yield "contactListCreate", {**here, "name": once("List")}, changing
        yield "contactListUpdate", {**list_, "expectedVersion": 1, "name": once("List")}, changing
        yield "contactListDelete", list_, changing
        yield "contactAttributeCreate", {**here, "name": once("attribute"), "type": "TEXT"}, changing
        yield "contactAttributeDelete", {**here, "name": stock.attribute}, changing
        yield "contactImportCancel", {"jobId": stock.job_ids[0]}, taking
        sending = self.changing(stock.account, "CAMPAIGNS_SEND")
        sending = sending or self.right(stock.account, "CONTACTS_READ")
        sent = {**here, **list_, "stream": "MARKETING", "idempotencyKey": once("key")}
        yield "sendReserve", sent, sending

    def _addresses(self, stock: Stock) -> Iterator[tuple[str, Json, str]]:
        """The contact's address, which nothing excludes yet, and those that are excluded."""
        account, here = stock.account, {"accountId": stock.account.id}
        moment = self.site.later(datetime.timedelta(hours=-1))
        report = {"address": stock.email, "occurredAt": moment}
        own = [block.address for block in self.site.world.blocks if block.account is account]
        blocking = self.right(account, "BLOCK_LIST_WRITE")
        yield "blockListAdd", {**here, "addresses": [stock.email]}, blocking
        lifting = self.changing(account, "BLOCK_LIST_WRITE")
        yield "blockListRemove", {**here, "entries": own}, lifting
        reporting = self.right(account, "CONTACTS_WRITE")
        yield "unsubscribeReport", {**here, "reports": [report]}, reporting
        yield "bounceReport", {**here, "reports": [{**report, "kind": "HARD"}]}, reporting
        agreed = {**here, "address": stock.unsubscribed, "evidence": "A form"}
        yield "resubscribe", agreed, self.changing(account, "CONTACTS_WRITE")

    def _domains(self, stock: Stock) -> Iterator[tuple[str, Json, str]]:
        account, domain = stock.account, {"domainId": stock.domain_id}
        added = {"accountId": account.id, "kind": "SENDING", "name": "news.example.org"}
        yield "domainAdd", added, self.changing(account, "DOMAINS_WRITE")
        gone = "NOT_FOUND" if account.own_status == "CLOSED" else ""
        yield "domainVerify", domain, gone or self.changing(account, "DOMAINS_WRITE")
        yield "domainRemove", domain, gone or self.right(account, "DOMAINS_WRITE")

    def _webhooks(self, stock: Stock) -> Iterator[tuple[str, Json, str]]:
        """Only what needs a right that is missing: who has one may have it not for long enough."""
        if stock.webhook_id is None:
            return
        account, webhook = stock.account, {"webhookId": stock.webhook_id}
        gone = "NOT_FOUND" if account.own_status == "CLOSED" else ""
        refused = gone or self.right(account, "WEBHOOKS_WRITE")
        yield "webhookDelete", webhook, refused
        yield "webhookTest", webhook, refused
        yield "webhookSecretRotate", webhook, refused
        changed = {"expectedVersion": 1, "url": "https://elsewhere.example.com"}
        yield "webhookUpdate", webhook | changed, refused

    def _settings(self, stock: Stock) -> Iterator[tuple[str, Json, str]]:
        account, changing = stock.account, self.changing(stock.account, "SETTINGS_WRITE")
        here = {"accountId": account.id}
        yield "settingsUpdate", {**here, "expectedVersion": 1, "senderName": "Another"}, changing
        yield "reviewRequest", here, changing

    def _templates(self, stock: Stock) -> Iterator[tuple[str, Json, str]]:
        changing, template = (
            self.changing(stock.account, "TEMPLATES_WRITE"),
            {"templateId": stock.template_id},
        )
        new = {"accountId": stock.account.id, "name": self.site.once("Template")}
        yield "templateCreate", {**new, "channel": "SMS", "text": "Hello"}, changing
        yield "templateUpdate", {**template, "expectedVersion": 1, "text": "Hello"}, changing
        yield "templateDelete", template, changing

    def right(self, account: Account, permission: str) -> str:
        """Why nothing that needs the permission can be done there, whatever the status."""
        if not self.rights.reaches(self.subject, account):
            return self.rights.unreached(self.subject, account)
        held = permission in self.rights.held(self.subject, account)
        return "" if held else f"FORBIDDEN {permission}"

    def changing(self, account: Account, permission: str) -> str:
        """The same of what the status may forbid."""
        code = self.right(account, permission)
        if code or account.status == "ACTIVE":
            return code
        left = self.rights.left_by_status(account) - READS
        return "" if permission in left else f"ACCOUNT_{account.status}"
