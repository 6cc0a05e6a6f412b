"""A worker finds what is due without reading all that waits."""

import pytest
from sqlalchemy import text

from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, MasterId
from models.messages.tables import MessageChannel
from resolvers.messages.delivery.claim import AT_ONCE, claim_messages
from resolvers.messages.queue import note_done
from resolvers.review.policy import ReviewPolicy
from tests.areas.messages.shop import Shop
from tests.areas.messages.site import Site
from tests.world.messages import give_message, give_queue
from tests.world.world import World

_WAITING = 5_000
_MANY = """
INSERT INTO messages SELECT (messages).* FROM (
  SELECT jsonb_populate_record(one, jsonb_build_object('id', gen_random_uuid())) AS messages
  FROM messages AS one, generate_series(1, :many) WHERE one.id = :id
) AS copies
"""
_READ = """
SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_all_tables
WHERE relname ~ '^messages(_|$)'
"""


@pytest.fixture
async def waiting(shop: Shop, world: World) -> None:
    """The account has many messages that are due, all at the same moment, and waits for a worker."""
    key = await give_message(world, shop.account, sender=shop.sender)
    await give_queue(world, shop.account)
    async with world.database.begin() as connection:
        await connection.execute(text(_MANY), {"many": _WAITING, "id": key})
        await connection.execute(text("ANALYZE messages"))


async def _rows_read(session: WriteSession) -> int:
    return int((await session.execute(text(_READ))).scalar_one())


@pytest.mark.usefixtures("waiting")
async def test_a_claim_reads_little_more_than_it_claims(shop: Shop, site: Site) -> None:
    async with site.sessions.begin() as session:
        tree = MasterId(shop.master.master)
        claimed = await claim_messages(session, tree, ReviewPolicy.OFF, list(MessageChannel))
        assert claimed is not None
        assert len(claimed.messages) == AT_ONCE
        assert await _rows_read(session) < 50 * AT_ONCE


@pytest.mark.usefixtures("waiting")
async def test_the_end_of_a_turn_reads_little(shop: Shop, site: Site) -> None:
    async with site.sessions.begin() as session:
        assert await enter_as_worker(session, MasterId(shop.master.master))
        ids = [AccountId(shop.account.key)]
        await note_done(session, MasterId(shop.master.master), ids, list(MessageChannel))
        assert await _rows_read(session) < 50 * AT_ONCE
