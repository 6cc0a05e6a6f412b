"""A history that is not kept is noticed, and mended by migrating; nobody but the database writes one."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.past import views
from models.access.histories import HISTORIES, History
from server.database.migrate import why_not_current


@pytest.mark.parametrize(
    "change",
    [
        "DROP TRIGGER keep_history_of_update ON memberships",
        "ALTER TABLE shares DISABLE TRIGGER keep_history_of_insert",
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


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.table.name)
async def test_the_application_writes_no_history(application: AsyncEngine, history: History) -> None:
    name = history.versions.name
    for statement in (f"DELETE FROM {name}", f"UPDATE {name} SET holds_until = now()"):
        async with application.connect() as connection:
            with pytest.raises(DBAPIError) as refused:
                await connection.execute(text(statement))
        assert getattr(refused.value.orig, "sqlstate", None) == "42501"
