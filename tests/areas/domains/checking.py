"""A worker's check of one domain, and what came of it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions
from models.base.ids import Kind, MasterId, parse
from models.domains.job_kinds import DOMAIN_CHECK
from models.domains.tables import domains
from models.effects.jobs import Job
from resolvers.domains.dns import Dns
from resolvers.sealing.keyring import KeyringSource, no_keyring
from schema.fields.deployment import Deployment
from server.jobs.dispatch import do
from server.settings.payments import NoPayments
from tests.areas.domains.name_server import Zone
from tests.client.api import Api, Caller
from tests.world.domains import MAIL_HOST, Domain
from tests.world.world import Account, World

RECORDS = "records { purpose type name value status foundValues problem checkedAt }"
_SEEN = f"""query ($id: ID!) {{ node(id: $id) {{ ... on Domain {{
  kind name asciiName status verifiedAt checkedAt checkDueAt {RECORDS} }} }} }}"""


@dataclass(frozen=True)
class Checking:
    """Does the jobs of domains as a worker would."""

    application: AsyncEngine
    world: World
    dns: Dns
    zone: Zone
    keyring: KeyringSource = no_keyring

    async def run(self, account: Account, domain_id: str) -> None:
        """Do the job of this domain, if its check is due."""
        key = parse(Kind.DOMAIN, domain_id)
        assert key is not None
        deployment = Deployment(
            public_url="http://mandant.test",
            payments=NoPayments(),
            mail_host=MAIL_HOST,
            dns=self.dns,
            keyring=self.keyring,
        )
        job = Job(DOMAIN_CHECK, MasterId(account.master), key)
        await do(WriteSessions(self.application), deployment, job)

    async def run_now(self, domain: Domain) -> None:
        """Have the check be due, and do it."""
        await self.make_due(domain)
        await self.run(domain.account, domain.id)

    async def run_next_day(self, domain: Domain) -> None:
        """The same a day after the last one."""
        past = func.now() - text("interval '1 day'")
        earlier = update(domains).where(domains.c.id == domain.key, domains.c.failure_counted_at.is_not(None))
        async with self.world.database.begin() as connection:
            await connection.execute(earlier.values(failure_counted_at=past))
        await self.run_now(domain)

    async def make_due(self, domain: Domain) -> None:
        """Its check is due from now on."""
        due = update(domains).where(domains.c.id == domain.key).values(check_due_at=func.now())
        async with self.world.database.begin() as connection:
            await connection.execute(due)

    def publish(self, domain: Domain, *leave_out: str) -> None:
        """DNS has all records of the domain, but those for these purposes."""
        for each in domain.expected:
            if each.purpose.value not in leave_out:
                self.zone.publish(each.type.value, each.name, each.value)

    def withdraw(self, domain: Domain) -> None:
        """DNS has none of them."""
        for each in domain.expected:
            self.zone.withdraw(each.name)

    async def status(self, domain: Domain) -> str:
        """As it is stored."""
        statement = select(domains.c.status).where(domains.c.id == domain.key)
        async with self.world.database.connect() as connection:
            return str((await connection.execute(statement)).scalar_one())


async def seen(api: Api, caller: Caller, domain_id: str) -> dict[str, Any]:
    """The domain, as the caller sees it."""
    found: dict[str, Any] = (await api.read(_SEEN, caller, id=domain_id))["node"]
    return found


async def found_of(api: Api, caller: Caller, domain_id: str) -> dict[str, str | None]:
    """What the last check found of each record, by its purpose."""
    records = (await seen(api, caller, domain_id))["records"]
    return {record["purpose"]: record["status"] for record in records}
