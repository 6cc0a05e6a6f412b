"""A history that is not kept is noticed, and mended by migrating; nobody but the database writes one."""

import pytest
from sqlalchemy import Table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.past import views
from models.access.histories import HISTORIES
from models.access.session_ends import session_ends
from server.database.migrate import why_not_current

_KEPT = [*((history.versions, "holds_until") for history in HISTORIES), (session_ends, "ended_at")]


@pytest.mark.parametrize(
    "change",
    [
        "DROP TRIGGER keep_history_of_update ON memberships",
        "ALTER TABLE shares DISABLE TRIGGER keep_history_of_insert",
        "DROP TRIGGER keep_ends_by_delete ON sessions",
        "ALTER TABLE sessions DISABLE TRIGGER keep_ends_by_update",
        "DROP VIEW past.users",
        "COMMENT ON VIEW past.account_closure IS NULL",
    ],
)
async def test_what_is_not_kept_is_noticed_and_mended(database: AsyncEngine, change: str) -> None:
    async with database.connect() as connection:
        assert not await connection.run_sync(views.differs)
        await connection.execute(text(change))
        assert "mandant migrate" in (await connection.run_sync(why_not_current) or "")
        await connection.run_sync(views.synchronize)
        assert not await connection.run_sync(views.differs)
        await connection.rollback()


@pytest.mark.parametrize("kept", _KEPT, ids=lambda kept: kept[0].name)
async def test_the_application_writes_no_history(application: AsyncEngine, kept: tuple[Table, str]) -> None:
    table, end = kept
    for statement in (f"DELETE FROM {table.name}", f"UPDATE {table.name} SET {end} = now()"):
        async with application.connect() as connection:
            with pytest.raises(DBAPIError) as refused:
                await connection.execute(text(statement))
        assert getattr(refused.value.orig, "sqlstate", None) == "42501"
