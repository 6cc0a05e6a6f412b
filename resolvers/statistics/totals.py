"""The far statements that add up sums of many accounts. Their rows have `as_of` too, and one row that has
nothing else where there would be none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    FromClause,
    Numeric,
    Select,
    Table,
    Uuid,
    any_,
    cast,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)

from engine.declare.far import tree_value
from engine.declare.paging import Window, cursor_of
from models.base.ids import AccountId
from models.statistics.tables import (
    NUMBERS,
    NUMBERS_OF_RECIPIENTS,
    StatisticPeriod,
    recipient_statistics,
    statistic_deltas,
    statistics,
    subtree_statistics,
)
from resolvers.statistics.asked import STARTS, Asked, RecipientsAsked, Whole
from resolvers.statistics.periods import Days, Rows, StatisticInterval, rows_of

PREVIOUS = "previous_"
"""Numbers of the period before begin with it."""

CURSOR = "cursor__"
"""NULL in a row that has `as_of` alone."""


def totals(of: Whole | Sequence[AccountId], asked: Asked, page: Window) -> Select[Any]:
    """The page's rows."""
    return _shown(grouped(of, asked), page)


def grouped(of: Whole | Sequence[AccountId], asked: Asked) -> FromClause:
    """All rows."""
    periods = [(rows, False) for rows in rows_of(asked.days, asked.interval)]
    if asked.with_previous:
        periods += [(rows, True) for rows in rows_of(asked.days.before(), asked.interval)]
    parts = [_part(sums, asked, rows, is_previous) for sums in _sums_of(of) for rows, is_previous in periods]
    found = (union_all(*parts) if len(parts) > 1 else parts[0]).subquery("found")
    keys = [found.c[name] for name in asked.names]
    if asked.interval is not None:
        keys.append(found.c.starts_at)
    sums = select(*keys, *_totals(found, asked)).group_by(*keys).subquery("sums")
    rows = select(*[sums.c[column.key] for column in sums.c if column.key != "starts_at"])
    if keys:
        # Nobody learns of a label that is only where nothing is seen: it is added and taken away.
        numbers = [column for column in sums.c if column.key not in {key.key for key in keys}]
        rows = rows.where(or_(*[number != literal_column("0") for number in numbers]))
    if asked.interval is not None:
        seconds = cast(func.extract("epoch", sums.c.starts_at), BigInteger)
        rows = rows.add_columns(seconds.label(STARTS))
    return rows.subquery("totals")


def totals_of_recipients(accounts: Sequence[AccountId], asked: RecipientsAsked, page: Window) -> Select[Any]:
    """The same by domain or country."""
    row = recipient_statistics
    days = asked.days
    since = days.before().since if asked.with_previous else days.since
    (bounds,) = rows_of(Days(since, days.until), StatisticInterval.DAY)
    keys: list[ColumnElement[Any]] = [row.c.channel, row.c.recipients]
    if asked.interval is not None:
        start = _start(row, StatisticPeriod.DAY, asked.interval)
        keys.append(cast(func.extract("epoch", start), BigInteger).label(STARTS))
    every = (
        select(*keys, *_totals_of_recipients(row, asked))
        .where(*_rows(row, accounts, bounds), *asked.of(row))
        .group_by(*keys)
    )
    return _shown(every.subquery("totals"), page)


def _totals_of_recipients(row: Table, asked: RecipientsAsked) -> list[ColumnElement[Any]]:
    names = NUMBERS_OF_RECIPIENTS
    if not asked.with_previous:
        return [_whole(func.sum(row.c[name])).label(name) for name in names]
    (bounds,) = rows_of(asked.days, StatisticInterval.DAY)
    is_present = row.c.starts_at >= literal(bounds.starts_at, DateTime(timezone=True))
    return [
        _whole(func.sum(row.c[name]).filter(condition)).label(prefix + name)
        for prefix, condition in (("", is_present), (PREVIOUS, ~is_present))
        for name in names
    ]


@dataclass(frozen=True)
class _Sums:
    """Rows that are added, or taken away."""

    table: Table
    ids: Sequence[AccountId]
    are_added: bool = True


def _sums_of(of: Whole | Sequence[AccountId]) -> list[_Sums]:
    if not isinstance(of, Whole):
        return [_Sums(statistics, of)]
    return [
        _Sums(table, ids, are_added)
        for ids, are_added in ((of.added, True), (of.taken_away, False))
        if ids
        for table in (statistics, subtree_statistics)
    ]


def _part(sums: _Sums, asked: Asked, bounds: Rows, is_previous: bool) -> Select[Any]:
    row = sums.table
    chosen: list[ColumnElement[Any]] = [row.c[name] for name in asked.names]
    chosen += [row.c[name] if sums.are_added else (-row.c[name]).label(name) for name in NUMBERS]
    if asked.interval is not None:
        chosen.append(_start(row, bounds.period, asked.interval).label("starts_at"))
    if asked.with_previous:
        chosen.append((true() if is_previous else false()).label("is_previous"))
    is_such = row.c.period == literal_column(f"'{bounds.period.value}'")
    return select(*chosen).where(is_such, *_rows(row, sums.ids, bounds), *asked.filters.of(row))


def _rows(row: Table, accounts: Sequence[AccountId], bounds: Rows) -> list[ColumnElement[bool]]:
    moment = DateTime(timezone=True)
    return [
        row.c.master_id == tree_value(),
        row.c.account_id == any_(literal(list(accounts), ARRAY(Uuid))),
        row.c.starts_at >= literal(bounds.starts_at, moment),
        row.c.starts_at < literal(bounds.ends_at, moment),
    ]


def _start(row: Table, period: StatisticPeriod, interval: StatisticInterval) -> ColumnElement[Any]:
    """When the interval starts that a row belongs to."""
    if period.value == interval.value:
        return row.c.starts_at
    utc: ColumnElement[str] = literal_column("'UTC'")
    local = func.date_trunc(literal_column("'month'"), func.timezone(utc, row.c.starts_at))
    return func.timezone(utc, local)


def _totals(found: FromClause, asked: Asked) -> list[ColumnElement[Any]]:
    if not asked.with_previous:
        return [_whole(func.sum(found.c[name])).label(name) for name in NUMBERS]
    return [
        _whole(func.sum(found.c[name]).filter(condition)).label(prefix + name)
        for prefix, condition in (("", ~found.c.is_previous), (PREVIOUS, found.c.is_previous))
        for name in NUMBERS
    ]


def _whole(sum_: ColumnElement[Any]) -> ColumnElement[int]:
    largest, smallest = (literal_column(str(most), Numeric) for most in (2**63 - 1, -(2**63) + 1))
    whole = func.coalesce(sum_, literal_column("0", Numeric))
    return cast(func.greatest(func.least(whole, largest), smallest), BigInteger)


def _shown(rows: FromClause, page: Window) -> Select[Any]:
    cut = select(*rows.c, cursor_of(rows, page.order).label(CURSOR))
    if page.order.columns:
        cut = page.apply(cut, page.order.of(rows))
    shown = cut.subquery("shown")
    return with_as_of(shown, shown.c).order_by(*page.sorted(page.order.of(shown)))


def with_as_of(rows: FromClause, columns: Iterable[ColumnElement[Any]]) -> Select[Any]:
    """These columns of the rows with `as_of`; at least one row."""
    as_of = func.least(func.now(), func.min(statistic_deltas.c.created_at))
    known = select(as_of.label("as_of")).where(statistic_deltas.c.master_id == tree_value()).subquery("known")
    return select(known.c.as_of, *columns).select_from(known.outerjoin(rows, true()))
