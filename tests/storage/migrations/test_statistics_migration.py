"""What was counted before messages and their sends were two numbers, and labels that were written before they
were compared."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base.ids import new_id
from server.database.connections import connect_as_owner
from server.database.migrate import migrate, why_not_current
from tests.storage.migrations.test_events_migration import MONTH, before

__all__ = ["before"]

_DELTA = """
INSERT INTO statistic_deltas
  (master_id, account_id, id, kind, happened_at, channel, stream, number, amount, is_first)
VALUES (:tree, :tree, :id, :kind, now(), 'SMS', 'MARKETING', 3, 0, true)
"""
_SUM = """
INSERT INTO recipient_statistics
  (master_id, account_id, starts_at, channel, recipients, sent, failed, delivered, hard_bounces,
  soft_bounces, complaints, opens, unique_opens, clicks, unique_clicks, unsubscribes)
VALUES (:tree, :tree, now(), 'SMS', 'SE', 7, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0)
"""
_MESSAGE = """
INSERT INTO message_bodies (master_id, account_id, id, text) VALUES (:tree, :tree, :id, 'Hello');
INSERT INTO messages
  (master_id, account_id, id, channel, stream, label, is_test, recipient, recipient_canonical,
  recipient_digest, body_id, sender, sends, status, due_at, expires_at, attempts)
VALUES
  (:tree, :tree, :id, 'SMS', 'MARKETING', :label, false, '+46701234567', '+46701234567', '1',
  :id, 'Verdant', 1, 'WAITING', now(), now(), 0)
"""


async def test_nothing_is_lost(before: tuple[str, AsyncEngine]) -> None:
    """Sends that nobody can tell from messages any more are both."""
    url, engine = before
    tree = new_id()
    labels = [None, "Straße", "Spring SALE", "Straße"]
    async with engine.begin() as connection:
        await connection.execute(text(MONTH.replace("messages", "message_bodies")))
        for kind in ("SENT", "DELIVERED"):
            await connection.execute(text(_DELTA), {"tree": tree, "id": new_id(), "kind": kind})
        await connection.execute(text(_SUM), {"tree": tree})
        for label in labels:
            values: dict[str, Any] = {"tree": tree, "id": new_id(), "label": label}
            for statement in _MESSAGE.split(";"):
                used = {name: value for name, value in values.items() if f":{name}" in statement}
                await connection.execute(text(statement), used)
    await engine.dispose()
    await migrate(url)
    migrated = connect_as_owner(url)
    async with migrated.connect() as connection:
        assert await connection.run_sync(why_not_current) is None

        async def rows(statement: str) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in await connection.execute(text(statement))]

        deltas = await rows("SELECT kind, number, sends FROM statistic_deltas ORDER BY kind")
        assert deltas == [("DELIVERED", 3, 0), ("SENT", 3, 3)]
        assert await rows("SELECT sent, sends FROM recipient_statistics") == [(7, 7)]
        compared = await rows("SELECT compared_label FROM messages ORDER BY id")
        assert compared == [(None,), ("strasse",), ("spring sale",), ("strasse",)]
    await migrated.dispose()
