"""The audit log of an account, as its readers see it. `resolvers.effects.log` writes it."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, case, func, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where, readable_account
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.api_keys.tables import api_keys
from models.effects.events import events
from models.people.users import users
from resolvers.effects.event_kinds import EventKind
from resolvers.inputs.global_ids import EventIdArgument
from resolvers.people.reads import known_in

PLATFORM_SUPPORT = "Platform support"
"""The name that the account's log shows for platform staff. Which person it was is not shown."""

BY_ID = Order("events", (events.c.id,), descending=True)
"""Newest first."""


def of_account(
    account: FromClause, kind: Annotated[EventKind | None, Described("Only events of this kind.")] = None
) -> Select[Any]:
    """What was changed in the account, newest first."""
    event = events.alias()
    statement = select(*event.c).where(
        event.c.account_id == account.c.id, event.c.master_id == account.c.master_id
    )
    return statement if kind is None else statement.where(event.c.kind == kind.value)


def by_id(root: FromClause, id: EventIdArgument) -> Select[Any]:
    """An event of an account whose log the viewer may see."""
    event = events.alias()
    return select(*event.c).where(event.c.id == id, account_where(event, Permission.AUDIT_READ))


def actor_name(event: FromClause) -> ColumnElement[str]:
    """The name of the person or of the API key that made the change; "Platform support" for its staff."""
    person, key = users.alias(), api_keys.alias()
    user_name = select(person.c.name).where(person.c.id == event.c.actor_user_id).correlate(event)
    key_name = (
        select(key.c.name)
        .where(key.c.id == event.c.actor_api_key_id, key.c.master_id == event.c.master_id)
        .correlate(event)
    )
    return case(
        (event.c.staff_user_id.is_not(None), PLATFORM_SUPPORT),
        else_=func.coalesce(user_name.scalar_subquery(), key_name.scalar_subquery()),
    )


def user_of(event: FromClause) -> Select[Any]:
    """The person who made the change; null where an API key did, and for who may not see the members."""
    person = users.alias()
    return select(*person.c).where(person.c.id == event.c.actor_user_id, known_in(person, event))


def acting_from(event: FromClause) -> Select[Any]:
    """The account whose role or key gave the right to make the change: this one, or one above it; null
    where it is outside the viewer's reach."""
    account, statement = readable_account()
    return statement.where(
        account.c.id == event.c.actor_account_id, account.c.master_id == event.c.master_id
    ).limit(1)


def from_above(event: FromClause) -> ColumnElement[bool]:
    """Whether the right to make the change was held in an account above this one (R54)."""
    return func.coalesce(event.c.actor_account_id != event.c.account_id, False)


def account_of(event: FromClause) -> Select[Any]:
    """The account that was changed."""
    account, statement = readable_account()
    return statement.where(
        account.c.id == event.c.account_id, account.c.master_id == event.c.master_id
    ).limit(1)
