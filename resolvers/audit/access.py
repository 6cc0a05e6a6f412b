"""Who gained and lost which permissions by a change, as the readers of its event see it."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Uuid,
    and_,
    case,
    column,
    exists,
    func,
    null,
    or_,
    select,
)

from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from engine.declare.paging import Order
from resolvers.rows.shown import account_behind

BY_PLACE = Order("accessChanges", (column("account_id", Uuid), column("subject", Uuid)))


def of_event(event: FromClause) -> Select[Any]:
    """Who gained or lost permissions by the change, and where: in the account that was changed or below it.
    It is what they may do now and could not do before, whatever row was changed: also by a role, by the
    access of parents, or by a status. People are listed of accounts whose members you may see, keys where you
    may see the keys. Of a change that concerns very many, the first 100 are kept, see `accessChangeCount`."""
    change = _changes(event)
    return select(*change.c).where(_is_seen(change))


def count_of(event: FromClause) -> ColumnElement[int | None]:
    """How often somebody gained or lost something in an account by the change; at least so often, where it
    concerns very many. Null where you may not see all of the kept ones."""
    count = func.coalesce(event.c.access["count"].astext.cast(BigInteger), 0)
    return case((sees_all(event), count))


def sees_all(event: FromClause) -> ColumnElement[bool]:
    """Whether the viewer sees all that the event says of it."""
    change = _changes(event)
    unseen = exists(select(change.c.subject).where(_is_seen(change).is_not(True)))
    here = (account_where(event, needed) for needed in (Permission.MEMBERS_READ, Permission.API_KEYS_READ))
    return and_(*here, ~unseen)


def account_of(change: FromClause) -> Select[Any]:
    """The account in which it is gained or lost; null if it is outside your reach."""
    return account_behind(change)


def _is_seen(change: FromClause) -> ColumnElement[bool]:
    of_person = and_(change.c.user_id.is_not(None), account_where(change, Permission.MEMBERS_READ))
    return or_(of_person, and_(change.c.user_id.is_(None), account_where(change, Permission.API_KEYS_READ)))


def _changes(event: FromClause) -> FromClause:
    ids, masks = ("account_id", "user_id", "api_key_id"), ("gained", "lost")
    columns = [*(column(name, Uuid) for name in ids), *(column(name, BigInteger) for name in masks)]
    listed = func.jsonb_to_recordset(event.c.access["changes"]).table_valued(*columns)
    each = listed.render_derived("listed", with_types=True)
    return (
        select(
            event.c.master_id,
            *each.c,
            func.coalesce(each.c.user_id, each.c.api_key_id).label("subject"),
            null().cast(Uuid).label("token_id"),
        )
        .select_from(each)
        .correlate(event)
        .subquery("change")
    )
