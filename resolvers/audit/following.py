"""What has happened since: the events after a cursor, for who follows the log.

Subscriptions, webhooks and `events(orderBy: OLDEST_FIRST, after:)` read the log in the same way:

    followed = followed_accounts(account, include_descendants=True)
    statement = next_events(followed, after=cursor, most=100, types=[EventType.MEMBER_JOINED])

- `account`: rows with a `master_id` and an `id`, such as an alias of `accounts` that is cut to one.
- The statement gives at most `most` rows, oldest first: the columns of `events`, and their `cursor`. Give the
  last row's cursor the next time, and keep the old one where there is no row. None is the log's beginning;
  `last_place` gives the cursor to start from for who wants only what comes.
- `followed_accounts` judges the viewer's rights (AUDIT_READ where the event is) in the snapshot of the rows.
  So the statement needs the binds and the door of a read. Who has lost the right gets no rows. Who follows in
  nobody's name gives rows (master_id, account_id) of its own, and judges elsewhere.
- Only what is settled is shown: while a change is being written that began before another, both wait, at most
  for as long as a transaction may last. So who found nothing asks again soon, however it was woken: that a
  change has committed does not say that its events are shown already.
- A cursor is bound to no filter and to no account. A malformed one raises BadPage.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import FromClause, Select, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from engine.declare.paging import window
from models.accounts.tables import accounts
from models.accounts.trees import in_tree
from resolvers.audit.filters import EventFilter
from resolvers.audit.order import NEWEST_FIRST, OLDEST_FIRST, cursor
from resolvers.audit.subtree import merged
from resolvers.effects.event_types import EventType
from resolvers.rows.subtrees import accounts_below


def followed_accounts(account: FromClause, *, include_descendants: bool) -> FromClause:
    """The accounts whose logs the viewer may follow: rows (master_id, account_id)."""
    if include_descendants:
        return accounts_below(account, Permission.AUDIT_READ).subquery("followed")
    own = accounts.alias()
    place = select(own.c.master_id, own.c.id.label("account_id")).where(in_tree(own, account, id="id"))
    return judged(place.subquery("place"))


def judged(place: FromClause) -> FromClause:
    """Of rows (master_id, account_id), those where the viewer may read the log."""
    return select(*place.c).where(account_where(place, Permission.AUDIT_READ)).subquery("followed")


def next_events(
    followed: FromClause, *, after: str | None, most: int, types: Sequence[EventType] | None = None
) -> Select[Any]:
    """At most `most` events after the cursor, oldest first, with their `cursor`. Raises BadPage."""
    page = window(OLDEST_FIRST, {"first": most, "after": after})
    wanted = EventFilter(types=None if types is None else list(types), settled=True)
    event = merged(followed, page, wanted, overshoot=False).subquery("event")
    found = select(*event.c, cursor(event).label("cursor"))
    return found.order_by(*page.sorted(OLDEST_FIRST.of(event))).limit(most)


def last_place(followed: FromClause) -> Select[Any]:
    """The `cursor` of the last settled event: one row, or none for an empty log."""
    page = window(NEWEST_FIRST, {"first": 1})
    event = merged(followed, page, EventFilter(settled=True), overshoot=False).subquery("event")
    return select(cursor(event).label("cursor")).order_by(*page.sorted(NEWEST_FIRST.of(event))).limit(1)
