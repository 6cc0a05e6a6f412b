"""A page of the logs of several accounts, without reading the rest of them."""

from dataclasses import replace
from typing import Any

from sqlalchemy import FromClause, Select, func, select, true

from authz.policy.permissions import Permission
from engine.declare.paging import Window
from models.accounts.trees import in_tree
from models.effects.events import events
from resolvers.audit.filters import EventFilter
from resolvers.audit.order import PLACE
from resolvers.rows.subtrees import accounts_below


def first_below(account: FromClause, window: Window, wanted: EventFilter) -> Select[Any]:
    """The events that the page can show of the logs of an account and of all below it."""
    return merged(accounts_below(account, Permission.AUDIT_READ).subquery("below"), window, wanted)


def merged(
    accounts: FromClause, window: Window, wanted: EventFilter, *, overshoot: bool = True
) -> Select[Any]:
    """The events that the page can show of the logs of accounts (master_id, account_id).

    Each account has an ordered stream of them. Only streams whose first event is among the first of all can
    have some on the page: these are cut to the page and merged."""
    first = _stream(accounts, replace(window, size=1, is_open=False), wanted, overshoot=False)
    place = func.row_number().over(order_by=window.sorted([first.c[name] for name in PLACE]))
    ranked = (
        select(*accounts.c, place.label("place")).select_from(accounts.join(first, true())).subquery("ranked")
    )
    leading = select(*ranked.c).where(ranked.c.place <= window.rows(int(overshoot))).subquery("leading")
    stream = _stream(leading, window, wanted, overshoot=overshoot)
    return select(*stream.c).select_from(leading.join(stream, true()))


def _stream(account: FromClause, window: Window, wanted: EventFilter, *, overshoot: bool) -> FromClause:
    event = events.alias()
    own = select(*event.c).where(in_tree(event, account, account_id="account_id"), *wanted.conditions(event))
    cut = window.apply(own, [event.c[name] for name in PLACE], overshoot=overshoot)
    return cut.correlate(account).lateral()
