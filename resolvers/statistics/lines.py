"""Rows of statistics as lines of CSV. PostgreSQL writes them: a year of a large tree has 240,000, and Python
would keep everybody waiting for half a minute."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    FromClause,
    Numeric,
    Select,
    Text,
    Uuid,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
)

from models.accounts.tables import Currency
from models.base.ids import AccountId, Kind
from models.statistics.tables import NO_ID, NUMBERS
from resolvers.contacts.cells import FORMULA
from resolvers.statistics.asked import STARTS, Asked, StatisticDimension, Whole
from resolvers.statistics.periods import StatisticInterval
from resolvers.statistics.rates import RATES
from resolvers.statistics.totals import PREVIOUS, grouped, with_as_of

LINE = "line"
"""The column for a row's line."""

_AMOUNTS = ("cost", "revenue")
_NOTHING = literal_column("''", Text)


def head_of(asked: Asked) -> str:
    """The line of the columns' names, which are those of the API."""
    starts = {StatisticInterval.HOUR: ["startsAt"], None: []}.get(asked.interval, ["startsOn"])
    names = [*starts, *(name for each in _in_order(asked) for name in _NAMES[each]), *map(_camel, NUMBERS)]
    names += [*map(_camel, RATES), "revenuePerMessage", "currency"]
    if asked.with_previous:
        names += [_camel(f"{PREVIOUS}{name}") for name in NUMBERS]
    return ",".join(names)


def lines(
    of: Whole | Sequence[AccountId], asked: Asked, names: Mapping[AccountId, str], currency: Currency
) -> Select[Any]:
    """The line of each row, in the order of the query, with `as_of`; none in a row that is there for `as_of`
    alone. `names`: of the accounts, where rows are divided by them."""
    rows = grouped(of, asked)
    cells: list[ColumnElement[str]] = []
    if asked.interval is not None:
        cells.append(_start(rows.c[STARTS], asked.interval))
    source = rows
    named = _named(names)
    for dimension in _in_order(asked):
        if dimension is StatisticDimension.ACCOUNT:
            source = rows.join(named, named.c.id == rows.c.account_id)
            cells += [_id(Kind.ACCOUNT, rows.c.account_id), _text(named.c.name)]
        else:
            cells.append(_OF_DIMENSIONS[dimension](rows))
    cells += [*_numbers(rows, ""), *(_rate(rows, name) for name in RATES), _revenue_per_message(rows)]
    cells.append(literal(currency.value, Text))
    if asked.with_previous:
        cells += _numbers(rows, PREVIOUS)
    line = func.concat_ws(literal_column("','", Text), *cells).label(LINE)
    every = select(line, *asked.order.of(rows)).select_from(source).subquery("lines")
    return with_as_of(every, [every.c[LINE]]).order_by(*asked.order.of(every))


_NAMES = {
    StatisticDimension.ACCOUNT: ["accountId", "account"],
    StatisticDimension.LABEL: ["label"],
    StatisticDimension.CAMPAIGN: ["campaignId"],
    StatisticDimension.STREAM: ["stream"],
    StatisticDimension.CHANNEL: ["channel"],
    StatisticDimension.API_KEY: ["apiKeyId"],
}


def _in_order(asked: Asked) -> Sequence[StatisticDimension]:
    return [each for each in StatisticDimension if each in asked.by]


def _named(names: Mapping[AccountId, str]) -> FromClause:
    arrays = literal(list(names), ARRAY(Uuid)), literal(list(names.values()), ARRAY(Text))
    return func.unnest(*arrays).table_valued(Column("id", Uuid), Column("name", Text)).render_derived("named")


def _start(seconds: ColumnElement[int], interval: StatisticInterval) -> ColumnElement[str]:
    form = 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"' if interval is StatisticInterval.HOUR else "YYYY-MM-DD"
    moment = func.timezone(literal_column("'UTC'", Text), func.to_timestamp(seconds))
    return func.to_char(moment, literal(form, Text))


def _id(kind: str, value: ColumnElement[Any]) -> ColumnElement[str]:
    return literal(f"{kind}_", Text) + cast(value, Text)


def _id_if_any(kind: str, value: ColumnElement[Any]) -> ColumnElement[str]:
    return case((value == literal(NO_ID, Uuid), _NOTHING), else_=_id(kind, value))


def _text(value: ColumnElement[str]) -> ColumnElement[str]:
    """As `resolvers.contacts.cells.escaped` has it, in quotes."""
    apostrophe, quote = literal_column("''''", Text), literal_column("'\"'", Text)
    first = func.left(func.ltrim(value, apostrophe), literal_column("1"))
    safe = case((first.in_([literal(each, Text) for each in FORMULA]), apostrophe + value), else_=value)
    return quote + func.replace(safe, quote, literal_column("'\"\"'", Text)) + quote


_OF_DIMENSIONS: Mapping[StatisticDimension, Any] = {
    StatisticDimension.LABEL: lambda rows: _text(rows.c.label),
    StatisticDimension.CAMPAIGN: lambda rows: _id_if_any(Kind.CAMPAIGN, rows.c.campaign_id),
    StatisticDimension.STREAM: lambda rows: rows.c.stream,
    StatisticDimension.CHANNEL: lambda rows: rows.c.channel,
    StatisticDimension.API_KEY: lambda rows: _id_if_any(Kind.API_KEY, rows.c.api_key_id),
}


def _numbers(rows: FromClause, prefix: str) -> list[ColumnElement[str]]:
    return [
        _units(rows.c[prefix + name]) if name in _AMOUNTS else cast(rows.c[prefix + name], Text)
        for name in NUMBERS
    ]


def _units(amount: ColumnElement[int]) -> ColumnElement[str]:
    """Micro-units in units."""
    return cast(func.trim_scale(cast(amount, Numeric) / literal_column("1000000")), Text)


def _rate(rows: FromClause, name: str) -> ColumnElement[str]:
    rate = RATES[name]
    part: ColumnElement[Any] = cast(rows.c[rate.parts[0]], Numeric)
    for other in rate.parts[1:]:
        part = part + rows.c[other]
    found = func.round(part / rows.c[rate.of], literal_column("6"))
    return _of_something(rows.c[rate.of], cast(found, Text))


def _revenue_per_message(rows: FromClause) -> ColumnElement[str]:
    whole = func.trunc(cast(rows.c.revenue, Numeric) / rows.c.sent)
    return _of_something(rows.c.sent, _units(whole))


def _of_something(whole: ColumnElement[int], found: ColumnElement[str]) -> ColumnElement[str]:
    return case((whole == literal_column("0"), _NOTHING), else_=found)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)
