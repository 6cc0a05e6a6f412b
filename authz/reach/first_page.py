"""The first page of the accounts that a caller reaches, without reading the rest (see
`authz.reach.reach`)."""

from dataclasses import replace
from typing import Any

from sqlalchemy import FromClause, Select, func, select, true, union

from authz.policy.permissions import Permission, allows
from authz.reach.grants import granted_mask
from authz.reach.reach import GRANTS
from authz.reach.second_factor import is_open_to_session
from engine.declare.paging import Window
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree


def first_readable_accounts(window: Window) -> Select[Any]:
    """The readable rows that a page in the order of ids can show, with their `mask`.

    Each grant has an ordered stream of accounts below it. Only streams whose first row is among the first of
    all can have rows on the page. These are cut to the page and merged. The cost follows the number of
    grants, not the number of accounts that they reach.
    """
    first = _below(GRANTS, replace(window, size=1, is_open=False), overshoot=False)
    # Grants that begin with the same account share one place of the page.
    place = func.dense_rank().over(order_by=window.sorted([first.c.id]))
    reaching = allows(GRANTS.c.below_mask, Permission.ACCOUNT_READ)
    streams = select(*GRANTS.c, place.label("place")).select_from(GRANTS.join(first, true())).where(reaching)
    ranked = streams.subquery()
    leading = select(*ranked.c).where(ranked.c.place <= window.rows(1)).subquery("leading")
    stream = _below(leading, window)
    below = select(stream.c.master_id, stream.c.id).select_from(leading.join(stream, true()))
    own = select(GRANTS.c.master_id, GRANTS.c.account_id.label("id")).where(
        allows(GRANTS.c.own_mask, Permission.ACCOUNT_READ),
        is_open_to_session(GRANTS.c.master_id, GRANTS.c.account_id),
    )
    found = union(own, below).subquery()
    page = window.apply(select(*found.c), [found.c.id]).subquery("page")
    masks, account = _masks_of(page), accounts.alias()
    joined = in_tree(account, masks, id="id")
    return select(*account.c, masks.c.mask).select_from(masks.join(account, joined))


def _below(grant: FromClause, window: Window, *, overshoot: bool = True) -> FromClause:
    """Accounts below the grant's account (master_id, id), as many as the window shows."""
    closure = account_closure.alias()
    readable = select(closure.c.master_id, closure.c.descendant_id.label("id")).where(
        in_tree(closure, grant, ancestor_id="account_id"),
        # Means a depth above 0; written so, the planner uses another index.
        closure.c.descendant_id != closure.c.ancestor_id,
        is_open_to_session(closure.c.master_id, closure.c.descendant_id),
    )
    shown = window.apply(readable, [closure.c.descendant_id], overshoot=overshoot)
    return shown.correlate(grant).lateral()


def _masks_of(page: FromClause) -> FromClause:
    """The page's rows (master_id, id) with their masks, in one join."""
    closure, grant = account_closure.alias(), GRANTS.alias()
    path = in_tree(closure, page, descendant_id="id")
    giving = in_tree(grant, closure, account_id="ancestor_id")
    return (
        select(page.c.master_id, page.c.id, func.bit_or(granted_mask(closure, grant)).label("mask"))
        .select_from(page.join(closure, path).join(grant, giving))
        .group_by(page.c.master_id, page.c.id)
        .subquery()
    )
