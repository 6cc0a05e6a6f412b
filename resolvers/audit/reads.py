"""The audit log of an account, as its readers see it. `resolvers.effects.log` writes it."""

from typing import Annotated, Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    null,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from authz.policy.permissions import Permission
from authz.reach.reach import PRINCIPAL, account_where
from engine.declare.paging import Window
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys
from models.base.ids import Kind
from models.effects.events import events
from resolvers.audit.filters import ActorId, EventFilter, Since, SubjectId, Types, Until
from resolvers.audit.order import EventOrder, OrderBy
from resolvers.audit.subtree import first_below
from resolvers.audit.values import is_shown
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import account_behind, known_person, name_of_person_or_key, row_by_id
from resolvers.rows.subtrees import IncludeDescendants, belongs_to

PLATFORM_SUPPORT = "Platform support"
"""The name that the account's log shows for platform staff. Which person it was is not shown."""

_ACCOUNT_ID = f"^{Kind.ACCOUNT}_[0-9a-f]{{8}}-([0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}}$"
_PREFIX = f"{Kind.ACCOUNT}_"


def of_account(
    account: FromClause,
    types: Types = None,
    since: Since = None,
    until: Until = None,
    actor_id: ActorId = None,
    subject_id: SubjectId = None,
    include_descendants: IncludeDescendants = False,
    order_by: OrderBy = EventOrder.NEWEST_FIRST,
    window: Window | None = None,
) -> Select[Any]:
    """The account's change log, newest first. Oldest first, the newest events are left out for the moments in
    which changes that began before them are still being written."""
    settled = order_by is EventOrder.OLDEST_FIRST
    wanted = EventFilter(types, since, until, actor_id, subject_id, settled)
    event = events.alias()
    if include_descendants and window is not None and not wanted.finds_few:
        return first_below(account, window, wanted)
    listed = belongs_to(event, account, Permission.AUDIT_READ, include_descendants=include_descendants)
    return select(*event.c).where(listed, *wanted.conditions(event))


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.EVENT)]) -> Select[Any]:
    """An event of an account whose log the viewer may read."""
    return row_by_id(events, id, Permission.AUDIT_READ)


def actor_name(event: FromClause) -> ColumnElement[str]:
    """The name of the person or API key that made the change; "Platform support" for platform staff."""
    name = name_of_person_or_key(event, "actor_user_id", "actor_api_key_id")
    return case((event.c.staff_user_id.is_not(None), PLATFORM_SUPPORT), else_=name)


def user_of(event: FromClause) -> Select[Any]:
    """The person who made the change; null if an API key did, or if you may not see the members."""
    return known_person(event, "actor_user_id")


def key_of(event: FromClause) -> Select[Any]:
    """The API key that made the change; null if a person did, or if you may not see the keys of its
    account."""
    key = api_keys.alias()
    own = key.c.id == select(PRINCIPAL.c.api_key_id).scalar_subquery()
    seen = own.is_(true()) | account_where(key, Permission.API_KEYS_READ)
    return select(*key.c).where(in_tree(key, event, id="actor_api_key_id"), seen)


def acting_from(event: FromClause) -> Select[Any]:
    """The account whose role or key gave the right to make the change: this account or one above it; null if
    it is outside your reach."""
    return account_behind(event, "actor_account_id")


def from_above(event: FromClause) -> ColumnElement[bool]:
    """Whether the right to make the change came from an account above."""
    return func.coalesce(event.c.actor_account_id != event.c.account_id, False)


def account_of(event: FromClause) -> Select[Any]:
    """The account that was changed."""
    return account_behind(event)


def before(event: FromClause) -> ColumnElement[Any]:
    """The values before the change, as a JSON object; null for who may not read the area that was changed.
    The id of an account outside your reach is null."""
    return _values_in_reach(event, "before")


def after(event: FromClause) -> ColumnElement[Any]:
    """The values after the change, as a JSON object; null for who may not read the area that was changed.
    The id of an account outside your reach is null."""
    return _values_in_reach(event, "after")


def reason_of(event: FromClause) -> ColumnElement[str | None]:
    """The reason given for the change, by the mutation's own `reason`, such as that of `accountSuspend`, by
    `extensions: {reason}` of its request, or by the break-glass opening that it needed. Null for who may not
    read the area that was changed."""
    return case((and_(event.c.reason.is_not(None), is_shown(event)), event.c.reason))


def _values_in_reach(event: FromClause, name: str) -> ColumnElement[Any]:
    """The values as they are stored, for who may see them, with null for each id of an account that is out of
    the viewer's reach.

    Most values name no account. They are shown as they are, and no reach is looked up for them.
    """
    values = event.c[name]
    has_some = func.jsonb_typeof(values) == "object"
    names_accounts = cast(values, Text).contains(f'"{_PREFIX}', autoescape=True)
    in_reach = case((names_accounts, _each_in_reach(event, values)), else_=values)
    return case((and_(has_some, is_shown(event)), in_reach))


def _each_in_reach(event: FromClause, values: ColumnElement[Any]) -> ColumnElement[Any]:
    value = func.jsonb_each(values).table_valued("key", column("value", JSONB)).render_derived("logged")
    text = value.c.value.op("#>>", return_type=Text())(literal([], ARRAY(Text)))
    names_account = text.regexp_match(_ACCOUNT_ID)
    account_id = case((names_account, cast(func.substr(text, len(_PREFIX) + 1), Uuid)))
    each = (
        select(event.c.master_id, account_id.label("account_id"), value.c.key, value.c.value)
        .select_from(value)
        .correlate(event)
        .lateral("each_value")
    )
    is_shown = each.c.account_id.is_(None) | account_where(each, Permission.ACCOUNT_READ)
    shown = func.jsonb_object_agg(each.c.key, case((is_shown, each.c.value), else_=null()), type_=JSONB)
    return select(shown).select_from(each).correlate(event).scalar_subquery()
