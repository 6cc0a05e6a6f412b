"""Opens and clicks wait while they cannot be written, and none is written twice."""

from sqlalchemy.ext.asyncio import create_async_engine

from engine.writes.sessions import WriteSessions
from resolvers.templates.tracking_links import Click, LinkUse, TrackedLink
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from server.tracking.uses import LinkUses
from tests.server.tracking.conftest import Mailed


def _link(message: Mailed, use: LinkUse, click: Click | None = None) -> TrackedLink:
    links = message.links
    return TrackedLink(
        use=use,
        master_id=links.master_id,
        account_id=links.account_id,
        message_id=links.message_id,
        click=click,
    )


async def test_what_cannot_be_written_waits(message: Mailed, addresses: DatabaseAddresses) -> None:
    """The database was away at the first try, as a server's is whose pool it is."""
    database = connect_as_application(addresses.application, 1)
    nowhere = create_async_engine("postgresql+asyncpg://mandant_application@127.0.0.1:1/mandant")
    away = WriteSessions(nowhere)
    uses = LinkUses(away)
    uses.note(_link(message, LinkUse.OPEN))
    uses.note(_link(message, LinkUse.CLICK, Click(place=0, url="https://example.com/")))
    await uses.write()
    assert await message.events() == []
    uses._sessions = WriteSessions(database)
    await uses.close()
    assert sorted(await message.events(2)) == [("CLICK", "https://example.com/"), ("OPEN", None)]
    await uses.write()
    assert len(await message.events()) == 2
    await database.dispose()
    await nowhere.dispose()
