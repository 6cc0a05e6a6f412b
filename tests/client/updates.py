"""What an update is: something of its kind with a value in each of its fields, another value for each, and
what null does to it."""

import datetime
import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base.ids import Kind, parse
from models.settings.tables import SettingName, field_functions, settings
from models.shares.tables import share_accounts, shares
from models.single_sign_on.tables import (
    single_sign_on_exceptions,
    single_sign_on_roles,
    single_sign_ons,
)
from models.templates.tables import template_versions, templates
from tests.world.brand import Brand
from tests.world.world import Account, World


class Null(enum.Enum):
    """What null does to a field that is not just emptied."""

    REFUSED = "nobody can be without it"
    NOTHING = "the same as to leave it out: it is no value that the object has"
    NEVER = "the schema has no null: the update is about this alone"


@dataclass(frozen=True)
class Updated:
    """Something to update, as clients name it, and where it is stored."""

    ids: dict[str, str]
    where: ColumnElement[bool]


Make = Callable[[World, Brand], Awaitable[Updated]]


@dataclass(frozen=True)
class Field:
    """Another `value`, or how it is made; the columns that it changes, and what null leaves in the first of
    them. `make`: where it takes something else than its update does."""

    value: Any
    columns: tuple[str, ...]
    null: Any
    make: Make | None = None

    async def other(self, world: World, brand: Brand) -> Any:
        """The other value."""
        return await self.value(world, brand) if callable(self.value) else self.value


@dataclass(frozen=True)
class Update:
    """Its table, how something of its kind is made with a value in each field, and its fields."""

    table: Table
    make: Make
    fields: dict[str, Field]

    async def others(self, world: World, brand: Brand) -> dict[str, Any]:
        """Another value for every field that what `make` makes has one in."""
        fields = {name: field for name, field in self.fields.items() if field.make is None}
        return {name: await field.other(world, brand) for name, field in fields.items()}


def moment_in(days: int) -> datetime.datetime:
    """A full second, in so many days."""
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    return moment.replace(microsecond=0)


def of_account(account: Account, table: Table) -> Updated:
    """What the table holds of an account."""
    return Updated({"accountId": account.id}, table.c.account_id == account.key)


_BESIDE = {"version", "sort_key", "search_key", "compared_name", "looks", "refusals", "paused_at", "due_at"}
"""What follows from the rest, and what has become of a rule."""


async def stored(world: World, table: Table, updated: Updated) -> dict[str, Any]:
    """What is stored of it; of a share also the accounts that it opens, of a template what it says, of single
    sign-on its roles and exceptions."""
    async with world.database.connect() as connection:
        if table is settings:
            return await _stored_settings(connection, updated)
        row = (await connection.execute(select(table).where(updated.where))).mappings().one()
        found = {name: value for name, value in row.items() if name not in _BESIDE}
        if table is shares:
            opened = select(share_accounts.c.account_id).where(share_accounts.c.share_id == row["id"])
            found["accounts"] = sorted((await connection.execute(opened)).scalars())
        if table is single_sign_ons:
            for part in (single_sign_on_roles, single_sign_on_exceptions):
                own = select(part).where(part.c.account_id == row["account_id"]).order_by(*part.c)
                found[part.name] = [tuple(each) for each in await connection.execute(own)]
        if table is templates:
            parts = select(*(template_versions.c[name] for name in ("subject", "text", "html")))
            newest = parts.where(
                template_versions.c.template_id == row["id"], template_versions.c.number == row["version"]
            )
            found |= (await connection.execute(newest)).mappings().one()
    return found


async def _stored_settings(connection: AsyncConnection, updated: Updated) -> dict[str, Any]:
    """An account's settings by their names, each with whether it is locked; its field functions as one."""
    found: dict[str, Any] = {}
    rows = {row.setting: row for row in await connection.execute(select(settings).where(updated.where))}
    for setting in SettingName:
        row = rows.get(setting.value)
        found |= {setting.value: row and row.value, f"{setting.value} locked": bool(row and row.locked)}
    account_id = parse(Kind.ACCOUNT, updated.ids["accountId"])
    own = select(field_functions).where(field_functions.c.account_id == account_id)
    texts = {row.name: row.text for row in await connection.execute(own)}
    return found | {SettingName.FIELD_FUNCTIONS.value: texts or None}
