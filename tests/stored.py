"""What is stored, to compare before and after what must leave no trace: one statement each time, whose cost
grows little with what other tests have left in the database."""

import uuid
from collections.abc import Iterable, Sequence
from functools import cache

from sqlalchemy import Table, TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base import metadata

_NOTED_AT_ANY_TIME = {"last_used_at"}
"""When a key was last used is noted beside whatever else happens."""

_OF_TREES = (
    "accounts",
    "account_closure",
    "memberships",
    "invitations",
    "api_keys",
    "shares",
    "share_accounts",
    "break_glass_openings",
    "parent_access_requests",
    "overrides",
    "subaccounts_requests",
    "events",
    "roles",
    "ledgers",
    "ledger_balances",
    "ledger_transactions",
    "ledger_entries",
    "payment_methods",
    "top_ups",
    "top_up_rules",
    "subscriptions",
    "plan_choices",
    "limit_increases",
    "send_cycles",
    "active_contacts",
    "contact_claims",
    "send_counts",
    "budgets",
    "credit_counts",
    "send_reservations",
    "billing_mode_choices",
    "billing_details",
    "charged_cycles",
    "charges",
    "invoices",
)
"""But for what is told to nobody and used up by trying: idempotency keys, notices, uploaded lists."""


async def fingerprints(database: AsyncEngine, tables: Sequence[Table] = ()) -> dict[str, str]:
    """Of each table, without `tables` of all: how many rows it has, and the sum of their hashes."""
    async with database.connect() as connection:
        found = await connection.execute(_fingerprints(tuple(tables or metadata.sorted_tables)))
        return {row[0]: row[1] for row in found}


async def rows_of_trees(database: AsyncEngine, masters: Iterable[uuid.UUID]) -> list[tuple[str, str]]:
    """The rows of the trees by the names of their tables, the lines of their roles' policies among them."""
    async with database.connect() as connection:
        found = await connection.execute(_rows_of_trees(), {"masters": list(masters)})
        return [(row[0], row[1]) for row in found]


@cache
def _fingerprints(tables: tuple[Table, ...]) -> TextClause:
    counted = "count(*) || ' ' || coalesce(sum(hash_record_extended({row}, 0)), 0)"
    return text(
        " UNION ALL ".join(
            f"SELECT '{table.name}', {counted.format(row=_row(table))} FROM {table.name}" for table in tables
        )
    )


@cache
def _rows_of_trees() -> TextClause:
    rows = [
        f"SELECT '{name}', {_row(metadata.tables[name])}::text FROM {name} WHERE master_id = ANY(:masters)"
        for name in _OF_TREES
    ]
    lines = _row(metadata.tables["role_policy_lines"])
    rows.append(
        f"SELECT 'role_policy_lines', {lines}::text FROM role_policy_lines "
        "JOIN roles ON roles.id = role_id WHERE master_id = ANY(:masters)"
    )
    return text(f"{' UNION ALL '.join(rows)} ORDER BY 1, 2")


def _row(table: Table) -> str:
    columns = [f'{table.name}."{column.name}"' for column in table.c if column.name not in _NOTED_AT_ANY_TIME]
    return f"ROW({', '.join(columns)})"
