"""Adds and removes platform staff (R88). Only the database's owner can do that."""

import asyncio
import datetime
import getpass
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text
from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from authz.policy.refusals import Refusal
from models.base.ids import UserId, new_id
from models.people.holders import holder_of
from models.people.users import users
from models.staff.tables import StaffChangeKind, StaffRole, staff, staff_changes
from resolvers.inputs.emails import email_address
from server.commands.database import open_database, read_settings
from server.commands.tables import new_table, print_table
from server.database.connections import connect_as_owner
from server.failures.command_failed import CommandFailed, database_failures


@dataclass(frozen=True)
class StaffMember:
    """A person who is staff."""

    email: str
    name: str
    role: StaffRole
    since: datetime.datetime


async def add_staff(owner_url: str, email: str, role: StaffRole) -> bool:
    """Make a person staff, or change the person's role in the staff. Returns whether that changed anything.

    Raises CommandFailed if nobody has signed up with the address.
    """
    async with _writing(owner_url) as connection:
        user_id = await _person(connection, email)
        held = await _role(connection, user_id)
        if held is role:
            return False
        added = upsert(staff).values(user_id=user_id, role=role.value)
        await connection.execute(
            added.on_conflict_do_update(index_elements=["user_id"], set_={"role": added.excluded.role})
        )
        kind = StaffChangeKind.ADDED if held is None else StaffChangeKind.ROLE_CHANGED
        await _note(connection, user_id, kind, role)
        return True


async def remove_staff(owner_url: str, email: str) -> None:
    """Remove a person from the staff, with effect from the next request. Overrides that the person made stay
    until they end.

    Raises CommandFailed for a person who is not staff.
    """
    async with _writing(owner_url) as connection:
        user_id = await _person(connection, email)
        removed = delete(staff).where(staff.c.user_id == user_id).returning(staff.c.role)
        role = (await connection.execute(removed)).scalar_one_or_none()
        if role is None:
            raise CommandFailed(f"{email} is not staff.")
        await _note(connection, user_id, StaffChangeKind.REMOVED, StaffRole(role))


async def staff_members(owner_url: str) -> list[StaffMember]:
    """All staff, sorted by e-mail address."""
    statement = (
        select(users.c.email, users.c.name, staff.c.role, staff.c.created_at)
        .join(users, users.c.id == staff.c.user_id)
        .order_by(users.c.email_canonical.collate("C"))
    )
    async with _writing(owner_url) as connection:
        rows = (await connection.execute(statement)).all()
    return [StaffMember(row.email, row.name, StaffRole(row.role), row.created_at) for row in rows]


def staff_table(members: list[StaffMember]) -> Table:
    """A line for each."""
    table = new_table("E-mail", "Name", "Role", "Since")
    for member in members:
        since = member.since.strftime("%Y-%m-%d %H:%M UTC")
        table.add_row(*map(Text, (member.email, member.name, member.role.value, since)))
    return table


@asynccontextmanager
async def _writing(owner_url: str) -> AsyncIterator[AsyncConnection]:
    database = connect_as_owner(owner_url)
    try:
        async with database.begin() as connection:
            yield connection
    finally:
        await database.dispose()


async def _person(connection: AsyncConnection, email: str) -> UserId:
    """The person with this address, who has verified it by a mailed link. Otherwise somebody who signs up
    with a colleague's address first would become staff in the colleague's place (T11)."""
    try:
        canonical = email_address(email).canonical
    except Refusal as refusal:
        raise CommandFailed(refusal.message) from refusal
    statement = select(users.c.id, users.c.email_verified_at).where(users.c.id == holder_of(canonical))
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise CommandFailed(f"Nobody has signed up with {email}.")
    if row.email_verified_at is None:
        raise CommandFailed(
            f"{email} was never verified: the link that was mailed when the person signed up does that."
        )
    return UserId(row.id)


async def _role(connection: AsyncConnection, user_id: UserId) -> StaffRole | None:
    statement = select(staff.c.role).where(staff.c.user_id == user_id).with_for_update()
    role = (await connection.execute(statement)).scalar_one_or_none()
    return None if role is None else StaffRole(role)


async def _note(connection: AsyncConnection, user_id: UserId, kind: StaffChangeKind, role: StaffRole) -> None:
    await connection.execute(
        insert(staff_changes).values(
            id=new_id(), user_id=user_id, kind=kind.value, role=role.value, made_by=_operator()
        )
    )


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # as in a container whose user has no name
        return f"user {os.getuid()}"


GROUP = typer.Typer(name="staff", help="The platform's own staff.", no_args_is_help=True)


@GROUP.command("add")
def staff_add(
    email: Annotated[str, typer.Argument(help="Of a person who has signed up.")],
    role: Annotated[
        StaffRole, typer.Option(case_sensitive=False, help="What the person does in the staff.")
    ] = StaffRole.AGENT,
) -> None:
    """Make a person staff, or give it another role in the staff."""
    with open_database(read_settings()) as addresses, database_failures():
        changed = asyncio.run(add_staff(addresses.owner, email, role))
    typer.echo(f"{email} is {role.value} {'now' if changed else 'already'}.")


@GROUP.command("remove")
def staff_remove(
    email: Annotated[str, typer.Argument(help="Of a person who is staff.")],
) -> None:
    """End a person's place in the staff, from the next request on."""
    with open_database(read_settings()) as addresses, database_failures():
        asyncio.run(remove_staff(addresses.owner, email))
    typer.echo(f"{email} is staff no more.")


@GROUP.command("list")
def staff_list() -> None:
    """Show who is staff."""
    with open_database(read_settings()) as addresses, database_failures():
        members = asyncio.run(staff_members(addresses.owner))
    if members:
        print_table(staff_table(members))
    else:
        typer.echo("Nobody is staff.")
