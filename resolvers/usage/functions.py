"""The stored function that counts sends by account.

Without it, a statement that shows the sum of a usage, its accounts and their number would contain this SQL
three times.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Select,
    Uuid,
    and_,
    cast,
    column,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.types import TypeEngine

from engine.compiled.sql_text import prepared
from models.accounts.tables import account_closure
from models.accounts.trees import in_tree
from models.base.stored_functions import StoredFunction, Volatility
from models.sending.lapsed import is_lapsed
from models.sending.tables import send_counts, send_cycles, send_reservations

_NOTHING = literal_column("0", Integer)
_ONE = literal_column("1", Integer)
_ARGUMENTS: Mapping[str, TypeEngine[Any]] = {
    "master_id": Uuid(),
    "id": Uuid(),
    "cycle_id": Uuid(),
    "seen_at": DateTime(timezone=True),
    "subscriber_id": Uuid(),
}
"""The columns of a usage's row that the counts depend on."""


def sends_by_account(usage: FromClause) -> FromClause:
    """Rows (account_id, sends) of the accounts of the subtree that sent, without lapsed reservations."""
    counted = func.mandant_sends(*(usage.c[name] for name in _ARGUMENTS))
    return counted.table_valued(column("account_id", Uuid), column("sends", BigInteger)).lateral()


def _counts(usage: FromClause) -> Select[Any]:
    """See `sends_by_account`.

    The limits are optimization fences. Without them the planner takes a subtree for one account and counts
    again for each.
    """
    cycles = union_all(_own_cycle(usage), _cycles_below(usage)).subquery()
    count, reservation, path = send_counts.alias(), send_reservations.alias(), account_closure.alias()
    counted = select(count.c.account_id, count.c.sends).select_from(
        cycles.join(count, in_tree(count, cycles, cycle_id="id"))
    )
    over = and_(in_tree(reservation, cycles, cycle_id="id"), is_lapsed(reservation))
    lapsed = select(reservation.c.account_id, -reservation.c.recipients).select_from(
        cycles.join(reservation, over)
    )
    parts = union_all(counted, lapsed).subquery()
    sent = (
        select(parts.c.account_id, cast(func.sum(parts.c.sends), BigInteger).label("sends"))
        .group_by(parts.c.account_id)
        .correlate(usage)
        .subquery()
    )
    below = (
        select(path.c.depth)
        .where(in_tree(path, usage, ancestor_id="id"), path.c.descendant_id == sent.c.account_id)
        .correlate(usage, sent)
        .limit(_ONE)
        .lateral()
    )
    return select(sent.c.account_id, sent.c.sends).select_from(sent.join(below, true())).correlate(usage)


def _own_cycle(usage: FromClause) -> Select[Any]:
    cycle = send_cycles.alias()
    found = in_tree(cycle, usage, id="cycle_id")
    return select(cycle.c.master_id, cycle.c.id).where(found).correlate(usage)


def _cycles_below(usage: FromClause) -> Select[Any]:
    """The cycles, at that time, of subscriptions below the account."""
    path, cycle = account_closure.alias(), send_cycles.alias()
    at_that_time = and_(
        in_tree(cycle, path, account_id="descendant_id"),
        cycle.c.starts_at <= usage.c.seen_at,
        cycle.c.ends_at > usage.c.seen_at,
    )
    return (
        select(cycle.c.master_id, cycle.c.id)
        .select_from(path.join(cycle, at_that_time))
        .where(
            in_tree(path, usage, ancestor_id="id"),
            path.c.depth > _NOTHING,
            cycle.c.account_id != usage.c.subscriber_id,
        )
        .correlate(usage)
    )


def _counted() -> str:
    arguments: list[ColumnElement[Any]] = [
        literal_column(f"${number}", type_).label(name)
        for number, (name, type_) in enumerate(_ARGUMENTS.items(), start=1)
    ]
    usage = select(*arguments).subquery("usage")
    counts = _counts(usage).lateral()
    return prepared(select(counts).select_from(usage.join(counts, true()))).sql


FUNCTIONS = (
    StoredFunction(
        "mandant_sends(uuid, uuid, uuid, timestamptz, uuid) RETURNS TABLE (account_id uuid, sends bigint) "
        "ROWS 20",
        f"\n#variable_conflict use_column\nBEGIN RETURN QUERY {_counted()}; END",
        Volatility.STABLE,
    ),
)
