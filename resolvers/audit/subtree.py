"""A page of the logs of an account and all below it, without reading the rest of them."""

from dataclasses import replace
from typing import Any

from sqlalchemy import FromClause, Select, func, select, true

from authz.policy.permissions import Permission
from engine.declare.paging import Window
from models.accounts.trees import in_tree
from models.effects.events import events
from resolvers.audit.filters import EventFilter
from resolvers.rows.subtrees import accounts_below


def first_below(account: FromClause, window: Window, wanted: EventFilter) -> Select[Any]:
    """The events that the page can show. Each account has an ordered stream of them. Only streams whose first
    event is among the first of all can have some on the page: these are cut to the page and merged."""
    below = accounts_below(account, Permission.AUDIT_READ).subquery("below")
    first = _stream(below, replace(window, size=1, is_open=False), wanted, overshoot=False)
    place = func.row_number().over(order_by=window.sorted([first.c.id]))
    ranked = select(*below.c, place.label("place")).select_from(below.join(first, true())).subquery("ranked")
    leading = select(*ranked.c).where(ranked.c.place <= window.rows(1)).subquery("leading")
    stream = _stream(leading, window, wanted)
    return select(*stream.c).select_from(leading.join(stream, true()))


def _stream(
    account: FromClause, window: Window, wanted: EventFilter, *, overshoot: bool = True
) -> FromClause:
    event = events.alias()
    own = select(*event.c).where(in_tree(event, account, account_id="account_id"), *wanted.conditions(event))
    return window.apply(own, [event.c.id], overshoot=overshoot).correlate(account).lateral()
