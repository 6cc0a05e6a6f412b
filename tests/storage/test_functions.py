"""The functions of the database are those declared; a change of one is noticed, and mended by migrating."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.base.columns import APPLICATION_ROLE
from models.base.stored_functions import StoredFunction
from server.database.migrate import stored_functions, why_not_current

_FOR_ANYBODY = {
    "api_key_stays_stopped",
    "api_key_stops",
    "break_glass_grants",
    "further_grants",
    "invitation_breaks",
    "invitation_lapse",
    "narrowed_caller",
    "narrowed_grants",
    "mandant_campaigns_due",
    "mandant_contact_jobs_to_do",
    "mandant_deliveries_due",
    "mandant_cycle_number",
    "mandant_cycle_start",
    "mandant_cycles_to_charge",
    "mandant_cycles_to_close",
    "mandant_due",
    "mandant_enter_tree",
    "mandant_first_id",
    "mandant_first_kept_id",
    "mandant_invoices_to_issue",
    "mandant_kept_credit",
    "mandant_left",
    "mandant_month_number",
    "mandant_now",
    "mandant_reservations_to_expire",
    "mandant_statistics_due",
    "mandant_domains_to_check",
    "mandant_access_reviews_due",
    "mandant_top_ups_to_make",
    "mandant_sends",
    "mandant_tables_by_month",
    "now",
    "ownership_offer_breaks",
    "ownership_offer_stands",
    "parent_access_request_breaks",
    "parent_access_request_stands",
    "share_breaks",
    "share_lapse",
}
_WITH_THE_CALLERS_RIGHTS = _FOR_ANYBODY | {
    "mandant_check_offer",
    "mandant_check_ownership",
    "mandant_check_promises",
    "mandant_access_cells",
    "mandant_access_changes",
    "mandant_access_changes_in",
    "mandant_access_foundations",
    "mandant_access_remember",
    "mandant_access_touched",
    "mandant_access_ended",
    "access_of",
    "mandant_watched",
    "mandant_door",
    "mandant_enqueue",
    "mandant_lock_path",
    "access_at",
    "mandant_log_catch_up",
    "mandant_log_number",
}
_OURS = (
    "pronamespace IN ('public'::regnamespace, 'past'::regnamespace) "
    "AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')"
)
"""Without those of the extension that compares ids and periods at once."""


async def _is_told(connection: AsyncConnection) -> bool:
    return "mandant migrate" in (await connection.run_sync(why_not_current) or "")


async def _definition(connection: AsyncConnection, function: StoredFunction) -> str:
    statement = text("SELECT pg_get_functiondef(to_regprocedure(:signature))")
    definition = await connection.execute(statement, {"signature": function.signature})
    return str(definition.scalar_one())


_PACKAGES = ("models", "authz", "resolvers")


@pytest.mark.parametrize("package", _PACKAGES)
def test_what_an_area_declares_is_collected(package: str) -> None:
    """Whichever module declares a function, and whichever file creates one."""
    folder = Path(__file__).parents[2] / package
    collected = set(stored_functions())
    for module in walk_packages([str(folder)], f"{package}."):
        for value in vars(import_module(module.name)).values():
            functions = value if isinstance(value, tuple) else (value,)
            declared = {function for function in functions if isinstance(function, StoredFunction)}
            assert declared <= collected, module.name
    created = [
        name
        for path in folder.rglob("*.sql")
        for name in re.findall(r"CREATE OR REPLACE FUNCTION (\w+)", path.read_text())
    ]
    names = [function.signature for function in collected]
    assert [name for name in created if not any(found.startswith(name) for found in names)] == []


async def test_each_is_declared_once_and_there_is_no_other(database: AsyncEngine) -> None:
    every = text(f"SELECT oid FROM pg_proc WHERE {_OURS}")
    declared = text("SELECT CAST(to_regprocedure(:signature) AS oid)")
    async with database.connect() as connection:
        found = [
            (await connection.execute(declared, {"signature": function.signature})).scalar_one()
            for function in stored_functions()
        ]
        assert sorted(found) == sorted((await connection.execute(every)).scalars())


async def test_what_runs_as_its_owner_is_for_the_application_alone(database: AsyncEngine) -> None:
    """Nobody else with a way into the database may call it, nor have a table of his taken for one of ours."""
    statement = text(
        "SELECT proname, prosecdef, proconfig, "
        "has_function_privilege('public', oid, 'EXECUTE') AS everybody, "
        "has_function_privilege(:role, oid, 'EXECUTE') AS application "
        f"FROM pg_proc WHERE {_OURS}"
    )
    async with database.connect() as connection:
        rows = (await connection.execute(statement, {"role": APPLICATION_ROLE})).all()
    assert all(row.application for row in rows)
    assert {row.proname for row in rows if row.everybody} == _FOR_ANYBODY
    assert {row.proname for row in rows if not row.prosecdef} == _WITH_THE_CALLERS_RIGHTS
    for row in rows:
        past = not row.prosecdef and row.proconfig == ["search_path=past, pg_catalog, pg_temp"]
        assert row.everybody or past or row.proconfig == ["search_path=public, pg_temp"], row.proname


async def test_another_body_is_noticed_and_mended(database: AsyncEngine) -> None:
    """Of each of them."""
    async with database.connect() as connection:
        assert not await _is_told(connection)
        for function in stored_functions():
            definition = await _definition(connection, function)
            await connection.exec_driver_sql(definition.replace(function.body, f"{function.body} "))
            assert await _is_told(connection), function.head
            await connection.run_sync(function.write)
            assert not await _is_told(connection), function.head
            assert await _definition(connection, function) == definition
        await connection.rollback()


@pytest.mark.parametrize(
    "change",
    [
        "DROP FUNCTION mandant_invoices_to_issue()",
        "ALTER FUNCTION mandant_found(uuid) RENAME TO found",
        "ALTER FUNCTION mandant_staff(bytea) SECURITY INVOKER",
        "ALTER FUNCTION mandant_enqueue(text, uuid, uuid, timestamptz) SECURITY DEFINER",
        "ALTER FUNCTION mandant_enqueue(text, uuid, uuid, timestamptz) RESET search_path",
        "ALTER FUNCTION invoice_issue(jsonb, text, uuid[]) SET search_path = pg_temp, public",
        "ALTER FUNCTION mandant_kept_credit(uuid, uuid, uuid) SET search_path = public, pg_temp",
        "ALTER FUNCTION mandant_cycle_start(timestamptz, text, integer) STABLE",
        "ALTER FUNCTION break_glass_grants(uuid, uuid, uuid) VOLATILE",
        "ALTER FUNCTION past.access_at(uuid, uuid, timestamptz) SET search_path = public, pg_temp",
        "ALTER FUNCTION past.access_at(uuid, uuid, timestamptz) SECURITY DEFINER",
        "GRANT EXECUTE ON FUNCTION mandant_enter_as_worker(uuid) TO PUBLIC",
        f"REVOKE EXECUTE ON FUNCTION mandant_tell_expiries(uuid[]) FROM {APPLICATION_ROLE}",
    ],
)
async def test_whatever_else_is_changed_is_noticed_and_mended(database: AsyncEngine, change: str) -> None:
    async with database.connect() as connection:
        assert not await _is_told(connection)
        await connection.execute(text(change))
        assert await _is_told(connection)
        for function in stored_functions():
            await connection.run_sync(function.write)
        assert not await _is_told(connection)
        await connection.rollback()


async def test_another_language_is_noticed_and_mended(database: AsyncEngine) -> None:
    """Even of the same body."""
    (now,) = [function for function in stored_functions() if function.signature == "mandant_now()"]
    async with database.connect() as connection:
        definition = await _definition(connection, now)
        await connection.execute(text("SET LOCAL check_function_bodies = off"))
        await connection.exec_driver_sql(definition.replace("LANGUAGE sql", "LANGUAGE plpgsql"))
        assert await _is_told(connection)
        await connection.run_sync(now.write)
        assert await _definition(connection, now) == definition
        await connection.rollback()
