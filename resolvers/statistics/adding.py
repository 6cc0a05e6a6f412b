"""The statement that takes rows of what was counted and adds them to the sums. One tree, one statement."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Numeric,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    any_,
    case,
    cast,
    delete,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from models.base.ids import AccountId, MasterId
from models.statistics.tables import (
    NO_ID,
    NO_LABEL,
    NUMBERS,
    NUMBERS_OF_RECIPIENTS,
    OTHER_RECIPIENTS,
    StatisticKind,
    StatisticPeriod,
    recipient_statistics,
    statistic_deltas,
    statistics,
    subtree_statistics,
)
from resolvers.statistics.retentions import HOURS_KEPT

MOST_RECIPIENTS = 1_000
"""The most domains, and countries, of a day that have rows of their own in an account, each channel by
itself."""

JUDGED = (
    StatisticKind.SENT,
    StatisticKind.HARD_BOUNCE,
    StatisticKind.SOFT_BOUNCE,
    StatisticKind.COMPLAINT,
)
"""What sending sources are judged by."""

_KINDS: Mapping[str, tuple[StatisticKind, str]] = {
    "sent": (StatisticKind.SENT, "number"),
    "sends": (StatisticKind.SENT, "sends"),
    "failed": (StatisticKind.FAILED, "number"),
    "delivered": (StatisticKind.DELIVERED, "number"),
    "hard_bounces": (StatisticKind.HARD_BOUNCE, "number"),
    "soft_bounces": (StatisticKind.SOFT_BOUNCE, "number"),
    "complaints": (StatisticKind.COMPLAINT, "number"),
    "opens": (StatisticKind.OPEN, "number"),
    "unique_opens": (StatisticKind.OPEN, "firsts"),
    "clicks": (StatisticKind.CLICK, "number"),
    "unique_clicks": (StatisticKind.CLICK, "firsts"),
    "unsubscribes": (StatisticKind.UNSUBSCRIBE, "number"),
    "orders": (StatisticKind.REVENUE, "number"),
    "cost": (StatisticKind.SENT, "amount"),
    "revenue": (StatisticKind.REVENUE, "amount"),
}
"""What each number adds up, of which kind."""

_UTC = literal_column("'UTC'", Text)
_TEXTS = ARRAY(Text)


Above = Sequence[tuple[AccountId, AccountId]]
"""Accounts, each with one above it."""


def adding(master_id: MasterId, zones: Mapping[AccountId, str], above: Above, most: int) -> Select[Any]:
    """Take the rows of these accounts that have waited the longest, and add them up. `zones`: the accounts
    with their time zones. `above`: all that are above them. Returns a row for each account of which rows were
    taken: how many, as `taken`, and as `is_judged` whether sources are judged by one of them."""
    taken = _taken(master_id, zones, most)
    own = _of_senders(taken).cte("own")
    of_recipients = _of_recipients(master_id, taken)
    result = select(
        taken.c.account_id,
        func.count().label("taken"),
        func.bool_or(taken.c.kind.in_([kind.value for kind in JUDGED])).label("is_judged"),
    ).group_by(taken.c.account_id)
    return result.add_cte(
        _added(statistics, NUMBERS, select(*own.c)).cte("senders"),
        _added(subtree_statistics, NUMBERS, _of_those_above(own, above)).cte("above"),
        _added(recipient_statistics, NUMBERS_OF_RECIPIENTS, of_recipients).cte("to"),
    )


def _taken(master_id: MasterId, zones: Mapping[AccountId, str], most: int) -> FromClause:
    """The rows with their accounts' zones; they are deleted."""
    ids = list(zones)
    delta = statistic_deltas.c
    oldest = (
        select(delta.account_id, delta.id)
        .where(delta.master_id == master_id, delta.account_id == any_(literal(list(ids), ARRAY(Uuid))))
        .order_by(delta.created_at)
        .limit(most)
        .cte("oldest")
    )
    zoned = (
        func.unnest(literal(list(ids), ARRAY(Uuid)), literal(list(zones.values()), _TEXTS))
        .table_valued(Column("account_id", Uuid), Column("zone", Text))
        .render_derived("zoned")
    )
    return (
        delete(statistic_deltas)
        .where(
            delta.master_id == master_id,
            delta.account_id == oldest.c.account_id,
            delta.id == oldest.c.id,
            delta.account_id == zoned.c.account_id,
        )
        .returning(*delta, zoned.c.zone)
        .cte("taken")
    )


def _of_senders(taken: FromClause) -> Select[Any]:
    """The sums of each period."""
    hour = StatisticPeriod.HOUR.value
    periods = func.unnest(literal([each.value for each in StatisticPeriod], _TEXTS)).table_valued("period")
    period = periods.render_derived("periods").c.period
    oldest = literal(datetime.datetime.now(datetime.UTC) - HOURS_KEPT, DateTime(timezone=True))
    key = [
        taken.c.master_id,
        taken.c.account_id,
        period,
        _start(func.lower(period), case((period == hour, _UTC), else_=taken.c.zone), taken.c.happened_at),
        taken.c.channel,
        taken.c.stream,
        func.coalesce(taken.c.api_key_id, literal(NO_ID, Uuid)),
        func.coalesce(taken.c.campaign_id, literal(NO_ID, Uuid)),
        func.coalesce(taken.c.label, literal(NO_LABEL, Text)),
    ]
    named = [column.label(own.name) for column, own in zip(key, statistics.primary_key.columns, strict=True)]
    placed = (
        select(*named, *_shares(taken, taken.c.kind))
        .select_from(taken.join(period.table, true()))
        .where(
            taken.c.kind != literal(StatisticKind.SENT_TO.value, Text),
            or_(period != hour, taken.c.happened_at >= oldest),
        )
        .subquery("placed")
    )
    return _summed(placed, statistics, NUMBERS)


def _of_those_above(own: FromClause, above: Above) -> Select[Any]:
    """What the sums of accounts add to those of the accounts above them."""
    ids = [literal([pair[place] for pair in above], ARRAY(Uuid)) for place in (0, 1)]
    pairs = (
        func.unnest(*ids)
        .table_valued(Column("below_id", Uuid), Column("account_id", Uuid))
        .render_derived("pairs")
    )
    columns = [pairs.c.account_id if column.key == "account_id" else column for column in own.c]
    found = select(*columns).select_from(own.join(pairs, own.c.account_id == pairs.c.below_id))
    return _summed(found.subquery("found_above"), subtree_statistics, NUMBERS)


def _of_recipients(master_id: MasterId, taken: FromClause) -> Select[Any]:
    """The sums of each day by domains and countries. New ones that are beyond the most are the others."""
    starts_at = _start(literal("day", Text), taken.c.zone, taken.c.happened_at)
    recipients = func.coalesce(taken.c.domain, taken.c.country)
    # What a campaign sent is counted by recipients alone: it was counted before.
    is_sent_to = taken.c.kind == literal(StatisticKind.SENT_TO.value, Text)
    kind = case((is_sent_to, literal(StatisticKind.SENT.value, Text)), else_=taken.c.kind)
    found = (
        select(
            taken.c.master_id,
            taken.c.account_id,
            starts_at.label("starts_at"),
            taken.c.channel,
            recipients.label("recipients"),
            *_shares(taken, kind),
        )
        .where(recipients.is_not(None))
        .subquery("found")
    )
    summed = _summed(found, recipient_statistics, NUMBERS_OF_RECIPIENTS).subquery("summed")
    known, day = recipient_statistics.alias("known"), recipient_statistics.alias("day")
    same_day = [_same(day, summed, name) for name in ("account_id", "starts_at", "channel")]
    used = (
        select(func.count())
        .where(day.c.master_id == master_id, *same_day, day.c.recipients != OTHER_RECIPIENTS)
        .correlate(summed)
        .scalar_subquery()
    )
    is_known = and_(
        known.c.master_id == master_id,
        *[_same(known, summed, name) for name in ("account_id", "starts_at", "channel", "recipients")],
    )
    is_new = known.c.recipients.is_(None)
    of_day = summed.c.account_id, summed.c.starts_at, summed.c.channel, is_new
    ordinal = func.row_number().over(
        partition_by=of_day, order_by=(summed.c.sent.desc(), summed.c.recipients)
    )
    ranked = select(
        *summed.c, is_new.label("is_new"), ordinal.label("ordinal"), used.label("used")
    ).select_from(summed.outerjoin(known, is_known))
    ranked_rows = ranked.subquery("ranked")
    row = ranked_rows.c
    beyond = and_(row.is_new, row.used + row.ordinal > literal(MOST_RECIPIENTS, Integer))
    shown = case((beyond, literal(OTHER_RECIPIENTS, Text)), else_=row.recipients)
    numbers = [row[name] for name in NUMBERS_OF_RECIPIENTS]
    bounded = select(
        row.master_id, row.account_id, row.starts_at, row.channel, shown.label("recipients"), *numbers
    ).subquery("bounded")
    return _summed(bounded, recipient_statistics, NUMBERS_OF_RECIPIENTS)


def _start(unit: ColumnElement[str], zone: ColumnElement[str], at: ColumnElement[Any]) -> ColumnElement[Any]:
    """When the unit of time begins by the clocks of the zone, read as UTC."""
    return func.timezone(_UTC, func.date_trunc(unit, func.timezone(zone, at)))


def _shares(taken: FromClause, kind: ColumnElement[str]) -> list[ColumnElement[int]]:
    """What a row adds to each number. `kind`: as which it counts."""
    row = taken.c
    firsts = case((row.is_first, row.number), else_=_NOTHING)
    worth = {"number": row.number, "sends": row.sends, "amount": row.amount, "firsts": firsts}
    return [
        case((kind == counted.value, worth[what]), else_=_NOTHING).label(name)
        for name, (counted, what) in _KINDS.items()
    ]


_NOTHING: ColumnElement[int] = literal_column("0", BigInteger)


def _summed(rows: FromClause, table: Table, numbers: Sequence[str]) -> Select[Any]:
    """The rows as those of the table, one for each key."""
    key = [rows.c[column.name] for column in table.primary_key.columns]
    sums = [_whole(func.sum(rows.c[name])).label(name) for name in numbers]
    return select(*key, *sums).group_by(*key)


def _added(table: Table, numbers: Sequence[str], rows: Select[Any]) -> Any:
    key = [column.name for column in table.primary_key.columns]
    inserted = upsert(table).from_select([*key, *numbers], rows)
    sums = {name: _total(table.c[name], inserted.excluded[name]) for name in numbers}
    return inserted.on_conflict_do_update(index_elements=key, set_=sums)


def _total(one: ColumnElement[int], other: ColumnElement[int]) -> ColumnElement[int]:
    return _whole(cast(one, Numeric) + other)


def _whole(number: ColumnElement[Any]) -> ColumnElement[int]:
    """As a column holds it. Amounts that clients report may be as large as they like: no sum of them shall
    stop those of the others."""
    return cast(func.greatest(func.least(number, _LARGEST), _SMALLEST), BigInteger)


_LARGEST: ColumnElement[Any] = literal_column(str(2**63 - 1), Numeric)
_SMALLEST: ColumnElement[Any] = literal_column(str(-(2**63) + 1), Numeric)


def _same(one: FromClause, other: FromClause, name: str) -> ColumnElement[bool]:
    return one.c[name] == other.c[name]
