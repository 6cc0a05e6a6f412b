"""Compares what a viewer is told by subscriptions with what the model says: at once, and as it changes."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any

from tests.client.api import Answer
from tests.client.streams import first_told, streamed
from tests.isolation.model import Account
from tests.isolation.reading import Viewer
from tests.isolation.rights import Rights
from tests.isolation.sight import Json, Sight, id_of
from tests.isolation.site import Site
from tests.isolation.stock.asking import StockAsking
from tests.isolation.tally import Tally
from tests.waiting import until

_EVENTS = """subscription ($id: ID!, $after: String!, $below: Boolean!) {
  events(accountId: $id, after: $after, includeDescendants: $below, first: 1000) { nodes { id } } }"""
_USAGE = "subscription ($id: ID!) { usage(accountId: $id) { sent } }"
_USAGE_READ = "query ($id: ID!) { account(id: $id) { usage { sent } } }"
_JOB = "subscription ($id: ID!) { job(id: $id) { id } }"
_CAMPAIGN = "subscription ($id: ID!) { campaign(id: $id) { id } }"
_LOG = """query ($id: ID!, $after: String) { account(id: $id) {
  events(orderBy: OLDEST_FIRST, first: 1000, after: $after) { nodes { id cursor } } } }"""

_SOME = 2
"""Of so many accounts a viewer asks for what is told at once."""
_FOLLOWERS = 80
"""So many viewers follow a log at once; the server lets no more streams in from one place than 100."""
_PATIENCE, _SILENCE = 30.0, 2.5
"""Seconds until all is told that must be, and then until nothing else was."""


class Following(StockAsking):
    """What one viewer is told at once."""

    async def compare(self) -> None:
        """Subscribe to everything of some accounts."""
        for account in self.viewer.chance.sample(self.world.accounts, min(_SOME, len(self.world.accounts))):
            await self._compare_events(account)
            await self._compare_usage(account)
            job, campaign = self.world.stock(account).job_ids[0], self.world.sent_by(account).campaign_id
            for document, root, id_, needed in (
                (_JOB, "job", job, "CONTACTS_READ"),
                (_CAMPAIGN, "campaign", campaign, "CAMPAIGNS_READ"),
            ):
                code = "" if self.sight.can(account, needed) else "NOT_FOUND"
                found = await self._told(f"{root}, account {account.name}", document, root, code, id=id_)
                self.fact(f"subscription {root}, account {account.name}", None if code else id_, id_of(found))

    async def _compare_events(self, account: Account) -> None:
        code, here = self._refusal(account, "AUDIT_READ"), f"account {account.name}"
        for below in (False, True):
            given = {"id": account.id, "after": self.world.beginning, "below": below}
            what = f"events, {here}, below {below}"
            found = await self._told(what, _EVENTS, "events", code, **given)
            expected = [] if code else self._log(account, below)
            ids = [] if found is None else [node["id"] for node in found["nodes"]]
            self.items(f"subscription {what}", expected, ids)

    def _log(self, account: Account, below: bool) -> list[str]:
        """Of accounts whose log the viewer reads, without the line that it begins after."""
        tree = [account, *(self.world.below(account) if below else ())]
        readable = [found for found in tree if self.sight.can(found, "AUDIT_READ")]
        first = self.world.events[0]
        return [each.id for each in self.world.events if each.account in readable and each is not first]

    async def _compare_usage(self, account: Account) -> None:
        code, what = self._refusal(account, "STATISTICS_READ"), f"usage, account {account.name}"
        found = await self._told(what, _USAGE, "usage", code, id=account.id)
        self.fact(f"subscription {what}", None if code else "shown", None if found is None else "shown")
        read = ((await self.ask(_USAGE_READ, id=account.id)).data or {}).get("account") or {}
        self._tally.alike(f"{self.viewer.name}: {what}", read.get("usage"), found)

    async def _told(self, what: str, document: str, root: str, code: str, **given: Any) -> Json | None:
        """The first value that is told, after a look at its refusal. `code`: the expected one."""
        answer = await first_told(self.viewer.api, document, self.viewer.subject, **given)
        self.names_nothing_away(answer)
        expected = code if self.viewer.accepted else "UNAUTHENTICATED"
        self.fact(f"subscription {what}: refusal", expected or None, _code(answer))
        found: Json | None = (answer.data or {}).get(root)
        return found

    def _refusal(self, account: Account, permission: str) -> str:
        if not self.sight.account(account):
            return "NOT_FOUND"
        return "" if self.sight.can(account, permission) else f"FORBIDDEN {permission}"


async def learn_beginning(site: Site) -> None:
    """Take the cursor of the first line of the first log, which all others of the world come after."""
    first = site.world.events[0]
    assert site.world.accounts[0] is first.account
    node = (await _log_of(site, first.account, None))[0]
    assert node["id"] == first.id
    site.world.beginning = node["cursor"]


async def compare_following(site: Site, rights: Rights, viewers: Sequence[Viewer], tally: Tally) -> None:
    """Everybody who may follows a log while each account is changed, and is told of every change that the
    viewer may see, once."""
    following = [viewer for viewer in viewers if viewer.accepted and viewer.subject is not None]
    sights = {viewer.name: Sight(site.world, rights, viewer.subject) for viewer in following[:_FOLLOWERS]}
    after = await _change(site, site.world.accounts[0], None)
    told: dict[str, list[str]] = {}
    followed: dict[str, Account] = {}
    more = asyncio.Event()
    async with AsyncExitStack() as stack:
        for viewer in following[:_FOLLOWERS]:
            shown = [each for each in site.world.accounts if sights[viewer.name].can(each, "AUDIT_READ")]
            if not shown:
                continue
            account = followed[viewer.name] = viewer.chance.choice(shown)
            given = {"id": account.id, "after": after, "below": True}
            answers = await stack.enter_async_context(streamed(viewer.api, _EVENTS, viewer.subject, **given))
            collecting = asyncio.create_task(_collect(answers, told.setdefault(viewer.name, []), more))
            stack.callback(collecting.cancel)
        assert followed
        changed = [each for each in site.world.accounts if each.status == "ACTIVE"]
        for account in changed:
            await _change(site, account, after)
        made = {each: [node["id"] for node in await _log_of(site, each, after)] for each in changed}
        expected = {
            name: [id_ for each in _seen(sights[name], account) for id_ in made.get(each, ())]
            for name, account in followed.items()
        }
        assert any(expected.values())
        await _settle(expected, told, more)
    for name, ids in expected.items():
        tally.items(f"{name}: subscription events of {followed[name].name}, as it changes", ids, told[name])


async def _settle(
    expected: Mapping[str, Sequence[str]], told: Mapping[str, Sequence[str]], more: asyncio.Event
) -> None:
    """Wait until everybody was told as much as must be, and then for a while."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while any(len(told[name]) < len(ids) for name, ids in expected.items()):
                more.clear()
                await more.wait()
    await asyncio.sleep(_SILENCE)


def _seen(sight: Sight, account: Account) -> list[Account]:
    tree = [account, *sight.world.below(account)]
    return [each for each in tree if sight.can(each, "AUDIT_READ")]


async def _collect(answers: AsyncIterator[Answer], ids: list[str], more: asyncio.Event) -> None:
    async for answer in answers:
        found = (answer.data or {}).get("events") or {"nodes": [{"id": f"refused: {_code(answer)}"}]}
        ids += [node["id"] for node in found["nodes"]]
        more.set()


async def _change(site: Site, account: Account, after: str | None) -> str:
    """Change the account. Returns the cursor of its last event."""
    account.external_id = site.once("x")
    changer = site.able([account], "ACCOUNT_WRITE")
    await site.do("accountUpdate", changer, "", accountId=account.id, externalId=account.external_id)
    log: list[Json] = []

    async def is_told() -> bool:
        log[:] = await _log_of(site, account, after)
        return bool(log)

    await until(is_told)  # a transaction of anybody on the same PostgreSQL may hold the log up for a moment
    cursor: str = log[-1]["cursor"]
    return cursor


async def _log_of(site: Site, account: Account, after: str | None) -> list[Json]:
    """What somebody reads who may."""
    reader = site.able([account], "AUDIT_READ")
    data = await (await site.api_of(reader)).read(_LOG, reader, id=account.id, after=after)
    nodes: list[Json] = data["account"]["events"]["nodes"]
    return nodes


def _code(answer: Answer) -> str | None:
    if not answer.errors:
        return None
    extensions = answer.errors[0]["extensions"]
    return " ".join(filter(None, [extensions["code"], extensions.get("permission")]))
