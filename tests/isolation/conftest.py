"""The application's mail, and how many worlds are built: `HYPOTHESIS_PROFILE=nightly` asks for more, and for
others each time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url
from starlette.applications import Starlette

from engine.writes.sessions import WriteSessions
from models.access_review.job_kinds import ACCESS_REVIEW
from models.base.ids import Kind, MasterId, new_id, parse, parse_in_account
from models.effects.jobs import Job
from models.statistics.job_kinds import STATISTICS_ROLL_UP
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from server.jobs.dispatch import do
from server.settings.settings import Settings
from server.start.app import create_app
from tests.isolation.site import Behind
from tests.server.deployed import deployed


class _Behind(Behind):
    """The outbox, and workers that hand messages over, look at domains and end what is over."""

    def __init__(self, addresses: DatabaseAddresses) -> None:
        self._addresses = addresses

    async def mailed(self, email: str) -> list[str]:
        async with self._as_owner() as connection:
            rows = await connection.fetch(
                "SELECT body FROM outbox_messages WHERE recipient = $1 ORDER BY id", email
            )
        bodies = [row["body"].partition("#")[2] for row in rows]
        return [body.split()[0] for body in bodies if body]

    async def add_up(self, master_id: str) -> None:
        tree = parse(Kind.ACCOUNT, master_id)
        assert tree is not None
        await self._do(Job(STATISTICS_ROLL_UP, MasterId(tree), tree))

    async def hand_over(self, message_id: str) -> None:
        message = parse_in_account(Kind.MARKETING_MESSAGE, message_id)
        assert message is not None
        async with self._as_owner() as connection:
            await connection.execute(
                "UPDATE messages SET status = 'SENT', claimed_at = now(), settled_at = now() WHERE id = $1",
                message.id,
            )

    async def prove(self, master_id: str, domain_id: str, name: str) -> None:
        tree, domain = parse(Kind.ACCOUNT, master_id), parse(Kind.DOMAIN, domain_id)
        claim = new_id()
        async with self._as_owner() as connection:
            await connection.execute(
                "INSERT INTO domain_claims (id, name, master_id, for_sign_in) VALUES ($1, $2, $3, true)",
                claim,
                name,
                tree,
            )
            await connection.execute(
                "UPDATE domains SET status = 'VERIFIED', claim_id = $1, verified_at = now() WHERE id = $2",
                claim,
                domain,
            )

    async def end_review(self, master_id: str, review_id: str) -> None:
        tree, review = parse(Kind.ACCOUNT, master_id), parse(Kind.ACCESS_REVIEW, review_id)
        assert tree is not None
        assert review is not None
        async with self._as_owner() as connection:
            over = "UPDATE access_reviews SET work_due_at = now(), ends_at = now() WHERE id = $1"
            await connection.execute(over, review)
        await self._do(Job(ACCESS_REVIEW, MasterId(tree), review))

    @asynccontextmanager
    async def _as_owner(self) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
        connection = await asyncpg.connect(self._addresses.owner)
        try:
            yield connection
        finally:
            await connection.close()

    async def _do(self, job: Job) -> None:
        engine = connect_as_application(self._addresses.application, pool_size=2)
        try:
            await do(WriteSessions(engine), deployed(), job)
        finally:
            await engine.dispose()


@pytest.fixture(scope="session")
def behind(addresses: DatabaseAddresses) -> Behind:
    return _Behind(addresses)


@pytest.fixture
async def away(settings: Settings, addresses: DatabaseAddresses, tmp_path: Path) -> AsyncIterator[Starlette]:
    """The application with the address of no database."""
    url = make_url(addresses.application).update_query_dict({"host": str(tmp_path)})
    app = create_app(settings, url.render_as_string(hide_password=False))
    async with app.router.lifespan_context(app):
        yield app
