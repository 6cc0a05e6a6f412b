"""What businesses send, the workers that hand it over, and the numbers that must agree."""

import datetime
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text, update

from models.base.ids import MasterId
from models.billing.job_kinds import CYCLE_CHARGE, INVOICE_ISSUE
from models.campaigns.job_kinds import CAMPAIGN_EXPANSION
from models.campaigns.tables import campaigns
from models.effects.jobs import Job
from models.messages.tables import messages
from models.settings.tables import SettingName
from resolvers.campaigns.work import work_on
from resolvers.messages.store import TRIED_FOR
from resolvers.review.policy import ReviewPolicy
from server.jobs.dispatch import do
from tests.areas.messages.shop import Shop
from tests.areas.messages.site import Site
from tests.server.deployed import deployed
from tests.stories.business import Business
from tests.world.billing import ISSUER
from tests.world.credit import faults_of
from tests.world.messages import give_sender
from tests.world.settings import set_setting
from tests.world.statistics import roll_up
from tests.world.world import Account, World

_ROUNDS = 30
"""More than any story takes to send what it has."""
_DUE = """
UPDATE campaigns SET work_due_at = now()
WHERE master_id = :tree AND work_due_at IS NOT NULL AND status <> 'SCHEDULED';
UPDATE delivery_queues SET due_at = now() WHERE master_id = :tree
"""
_MESSAGES = """query ($id: ID!) { account(id: $id) {
  marketingMessages(first: 500) { nodes { id recipient status } }
} }"""
_STATISTICS = """query ($id: ID!, $since: Date!, $until: Date!) { statistics(
  accountId: $id, since: $since, until: $until, includeDescendants: true, by: [ACCOUNT, STREAM], first: 200
) { nodes { account { id } stream numbers { sent sends failed hardBounces cost } } } }"""
_SOURCES = """query ($id: ID!) { account(id: $id) { sendingSources { nodes {
  stream apiKeyId platformState customerState } } } }"""
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Counted:
    """Of an account: what the mail server took, what it refused, and what was counted as sent."""

    received: int
    refused: int
    sent: int


@dataclass(frozen=True)
class Post:
    """Workers of a story, and the mail server."""

    site: Site
    world: World

    async def opens(self, business: Business) -> None:
        """It can send: from an address of its own."""
        sender = await give_sender(self.world, business.account)
        await set_setting(self.world, business.account, SettingName.SENDER_ADDRESS, sender)

    async def list_of(self, business: Business, emails: Sequence[str]) -> str:
        """A contact list of these, through the API."""
        of = {"accountId": business.account.id}
        name = f"List {next(_numbers)}"
        made = await business.does("contactListCreate", "contactList { id }", **of, name=name)
        list_id: str = made["contactList"]["id"]
        contacts = [{"email": email, "addToLists": [list_id]} for email in emails]
        await business.does("contactUpsert", **of, contacts=contacts)
        return list_id

    async def template_of(self, business: Business) -> str:
        """A template, through the API."""
        content = {"channel": "EMAIL", "subject": "News", "text": "Hello {{ contact.email }}"}
        values = {"accountId": business.account.id, "name": f"Template {next(_numbers)}", **content}
        made = await business.does("templateCreate", "template { id }", **values)
        template_id: str = made["template"]["id"]
        return template_id

    async def draft(self, business: Business, list_id: str, name: str = "Spring") -> dict[str, Any]:
        """A campaign to the list, and its version."""
        values = {"accountId": business.account.id, "name": name, "contactListIds": [list_id]}
        values["templateId"] = await self.template_of(business)
        made = await business.does("campaignCreate", "campaign { id version }", **values)
        named = made["campaign"]
        return {"campaignId": named["id"], "expectedVersion": named["version"]}

    async def mail(self, business: Business, list_id: str, name: str = "Spring") -> None:
        """Send a campaign to the list."""
        await business.does("campaignSend", **await self.draft(business, list_id, name))

    async def carry(self, root: Business) -> None:
        """Workers do all that is due in the tree, and add up what became of it."""
        account, tree = root.account, MasterId(root.account.master)
        shop = Shop(account, account, "", root.owner)
        for _ in range(_ROUNDS):
            async with self.world.database.begin() as connection:
                for statement in _DUE.split(";"):
                    await connection.execute(text(statement), {"tree": tree})
                due = select(campaigns.c.id).where(
                    campaigns.c.master_id == tree, campaigns.c.work_due_at <= func.now()
                )
                ids = (await connection.execute(due)).scalars().all()
            for id_ in ids:
                await work_on(self.site.sessions, ReviewPolicy.OFF, Job(CAMPAIGN_EXPANSION, tree, id_))
            await self.site.work(shop)
            if not ids and not await self._waiting(account):
                break
            if not ids and await self.site.queued(shop) and not await self._moves(shop):
                break
        await self.add_up(root)

    async def add_up(self, root: Business) -> None:
        """Workers add up what became of messages of the tree, and judge what sent them."""
        await roll_up(self.site.sessions, root.account)

    async def bill(self, root: Business) -> None:
        """Workers charge what the cycle that has ended took, and issue the invoice."""
        account, deployment = root.account, deployed(issuer=ISSUER)
        for kind in (CYCLE_CHARGE, INVOICE_ISSUE):
            await do(self.site.sessions, deployment, Job(kind, MasterId(account.master), account.key))

    async def _waiting(self, root: Account) -> int:
        counted = select(func.count()).where(
            messages.c.master_id == root.master, messages.c.status == "WAITING"
        )
        async with self.world.database.connect() as connection:
            return int((await connection.execute(counted)).scalar_one())

    async def _moves(self, shop: Shop) -> bool:
        """Whether another turn hands something over: what is held waits on."""
        before = await self._waiting(shop.account)
        await self.site.let_pass(shop)
        await self.site.work(shop)
        return await self._waiting(shop.account) < before

    async def come_back(self, business: Business, which: range, at: datetime.datetime) -> None:
        """These of what was sent to its list, in the order of the recipients, bounce for good."""
        found = await business.api.read(_MESSAGES, business.owner, id=business.account.id)
        nodes = found["account"]["marketingMessages"]["nodes"]
        sent = sorted({node["recipient"]: node["id"] for node in nodes if node["status"] == "SENT"}.items())
        # They went out by the clock of the machine, and the story has another.
        async with self.world.database.begin() as connection:
            own = (messages.c.account_id == business.account.key) & (messages.c.status == "SENT")
            await connection.execute(update(messages).where(own).values(expires_at=at + TRIED_FOR))
        bounce = {"kind": "HARD_BOUNCE", "occurredAt": at.isoformat()}
        events = [{"key": id_, "messageId": id_, **bounce} for _, id_ in sent[which.start : which.stop]]
        told = {"accountId": business.account.id, "stream": "MARKETING", "events": events}
        made = await business.does("messageEventsReport", "outcomes { isNew error { code } }", **told)
        assert [each["isNew"] for each in made["outcomes"]] == [True] * len(which), made

    async def states(self, business: Business) -> dict[tuple[str, str | None], tuple[str, str]]:
        """Both keys of all that sends of it."""
        found = await business.api.read(_SOURCES, business.owner, id=business.account.id)
        nodes = found["account"]["sendingSources"]["nodes"]
        return {
            (node["stream"], node["apiKeyId"]): (node["platformState"], node["customerState"])
            for node in nodes
        }

    async def counted(
        self, root: Business, businesses: Sequence[Business], by_engine: Mapping[str, int] | None = None
    ) -> dict[str, Counted]:
        """What each of these has sent since the beginning, by its name: all that count it agree, and the
        books hold. `by_engine`: what engines of their own sent."""
        rows = await self.statistics(root)
        taken = Counter(content["From"].addresses[0].domain for _, content in self.site.mailbox.taken)
        found: dict[str, Counted] = {}
        for business in businesses:
            statuses, domains = await self._of_messages(business.account)
            own = [row for row in rows if row["account"]["id"] == business.account.id]
            sent, failed = (sum(row["numbers"][name] for row in own) for name in ("sent", "failed"))
            received = sum(taken[domain] for domain in domains)
            assert received == statuses["SENT"], business.account.name
            assert failed == statuses["FAILED"], business.account.name
            elsewhere = (by_engine or {}).get(business.account.name, 0)
            assert sent == sum(statuses.values()) + elsewhere, business.account.name
            found[business.account.name] = Counted(received, failed, sent)
        assert await faults_of(self.world.database, root.account) == []
        return found

    async def _of_messages(self, account: Account) -> tuple[Counter[str], set[str]]:
        """How many messages have which status, and the domains that they come from."""
        found = select(messages.c.status, messages.c.sender).where(messages.c.account_id == account.key)
        async with self.world.database.connect() as connection:
            rows = (await connection.execute(found)).all()
        return Counter(row.status for row in rows), {row.sender.partition("@")[2] for row in rows}

    async def statistics(self, root: Business) -> list[dict[str, Any]]:
        """Of the whole tree in these months, by account and stream."""
        today = datetime.datetime.now(datetime.UTC).date()
        days = {"since": today - datetime.timedelta(days=80), "until": today + datetime.timedelta(days=2)}
        given = {name: day.isoformat() for name, day in days.items()}
        answer = await root.api.read(_STATISTICS, root.owner, id=root.account.id, **given)
        rows: list[dict[str, Any]] = answer["statistics"]["nodes"]
        return rows
