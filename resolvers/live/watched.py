"""What a subscription watches, and whether its caller may still see it.

A *mark* is a text that differs whenever what is watched has changed. It is only compared, and nobody is shown
it: a subscriber is told what a read with its own credentials answers. So a mark may change too often, and
never too seldom.
"""

import enum
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
)

from authz.policy.permissions import Permission, allows
from authz.reach.reach import PRINCIPAL, readable_account
from models.accounts.trees import in_tree
from models.campaigns.tables import campaigns
from models.contacts.jobs import contact_jobs
from models.effects.events import events
from resolvers.audit.order import NEWEST_FIRST, cursor, is_settled
from resolvers.rows.shown import row_by_id
from resolvers.usage import reads as usage

SUBJECT_NAME = "subject"
BELOW_NAME = "below"

_SUBJECT = bindparam(SUBJECT_NAME, type_=Uuid, required=True)
_BELOW = bindparam(BELOW_NAME, type_=Boolean, required=True)
_ONE: ColumnElement[int] = literal_column("1", Integer)


class Watched(enum.Enum):
    """What is watched: of an account, by its own id, or of nothing but the caller."""

    CALLER = "CALLER"
    EVENTS = "EVENTS"
    USAGE = "USAGE"
    JOB = "JOB"
    CAMPAIGN = "CAMPAIGN"


def marks() -> dict[Watched, Select[Any]]:
    """For each its mark, in at most one row: none where the caller may not see it, or is nobody."""
    return {
        Watched.CALLER: select(literal_column("''", Text)).select_from(PRINCIPAL),
        Watched.EVENTS: _last_event(),
        Watched.USAGE: _usage(),
        Watched.JOB: _row(row_by_id(contact_jobs, _SUBJECT, Permission.CONTACTS_READ)),
        Watched.CAMPAIGN: _row(row_by_id(campaigns, _SUBJECT, Permission.CAMPAIGNS_READ)),
    }


def _account(permission: Permission) -> FromClause:
    account, statement = readable_account()
    seen = allows(statement.selected_columns.mask, permission)
    return statement.where(account.c.id == _SUBJECT, seen).subquery("watched")


def _last_event() -> Select[Any]:
    """The cursor of the account's last event; with all below, of the tree's: it changes with events of
    accounts beside, too."""
    account = _account(Permission.AUDIT_READ)
    own, any_ = events.alias(), events.alias()
    of_account = _last(own).where(in_tree(own, account, account_id="id")).correlate(account)
    of_tree = _last(any_).where(in_tree(any_, account)).correlate(account)
    last = case((_BELOW, of_tree.scalar_subquery()), else_=of_account.scalar_subquery())
    return select(func.coalesce(last, literal_column("''"))).select_from(account)


def _last(event: FromClause) -> Select[Any]:
    newest = (each.desc() for each in NEWEST_FIRST.of(event))
    return select(cursor(event)).where(is_settled(event)).order_by(*newest).limit(_ONE)


def _usage() -> Select[Any]:
    account = _account(Permission.STATISTICS_READ)
    figures = usage.of_account(account).lateral("figures")
    # When it was looked at changes each time.
    told = [column for column in figures.c if column.key != "seen_at"]
    return select(_mark(told)).select_from(account.join(figures, true()))


def _row(found: Select[Any]) -> Select[Any]:
    row = found.subquery("found")
    return select(_mark(list(row.c)))


def _mark(columns: list[Any]) -> ColumnElement[str]:
    return func.md5(func.concat_ws("|", *(func.coalesce(cast(each, Text), "-") for each in columns)))
