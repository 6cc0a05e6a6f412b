"""Rows of statistics as lines of CSV."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from models.accounts.tables import Currency
from models.base.ids import AccountId, Kind, present
from models.statistics.tables import NUMBERS_OF_RECIPIENTS
from resolvers.contacts.cells import escaped
from resolvers.statistics.asked import STARTS, Asked, StatisticDimension
from resolvers.statistics.periods import StatisticInterval
from resolvers.statistics.totals import PREVIOUS
from schema.statistics.queries import dimension_id, totals_of
from schema.statistics.types import MessageTotals
from server.exports.cells import written

_COUNTS = (*NUMBERS_OF_RECIPIENTS, "orders")
_AMOUNTS = ("cost", "revenue")
_RATES = (
    "delivery_rate",
    "bounce_rate",
    "complaint_rate",
    "open_rate",
    "click_rate",
    "unsubscribe_rate",
    "order_rate",
)
_MICRO_UNITS = Decimal(1_000_000)


@dataclass(frozen=True)
class StatisticsTable:
    """The table that is asked for. `names`: of accounts."""

    asked: Asked
    names: Mapping[AccountId, str]
    currency: Currency

    @property
    def head(self) -> bytes:
        """The line of the columns' names, which are those of the API."""
        numbers = [_camel(name) for name in (*_COUNTS, *_AMOUNTS)]
        names = [*self._keys, *numbers, *map(_camel, _RATES), "revenuePerMessage", "currency"]
        if self.asked.with_previous:
            names += [_camel(f"{PREVIOUS}{name}") for name in (*_COUNTS, *_AMOUNTS)]
        return written([names])

    def lines(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        """A line for each row."""
        return written([self._cells(row) for row in rows])

    def _cells(self, row: Mapping[str, Any]) -> list[str]:
        totals = totals_of(row)
        rates = [getattr(totals, name)() for name in _RATES]
        cells = [cell(row) for cell in self._keys.values()]
        cells += [*_numbers(totals), *("" if rate is None else f"{rate:.6f}" for rate in rates)]
        per_message = totals.revenue_per_message()
        cells += ["" if per_message is None else _units(per_message), self.currency.value]
        return [*cells, *_numbers(totals_of(row, PREVIOUS))] if self.asked.with_previous else cells

    @cached_property
    def _keys(self) -> Mapping[str, Callable[[Mapping[str, Any]], str]]:
        """What rows are divided by: the columns, each with how its cells are made."""
        cells: dict[str, Callable[[Mapping[str, Any]], str]] = {}
        if self.asked.interval is StatisticInterval.HOUR:
            cells["startsAt"] = lambda row: _starts(row).isoformat()
        elif self.asked.interval is not None:
            cells["startsOn"] = lambda row: _starts(row).date().isoformat()
        for dimension, made in self._of_dimensions.items():
            if dimension in self.asked.by:
                cells |= made
        return cells

    @property
    def _of_dimensions(
        self,
    ) -> Mapping[StatisticDimension, Mapping[str, Callable[[Mapping[str, Any]], str]]]:
        return {
            StatisticDimension.ACCOUNT: {
                "accountId": lambda row: present(Kind.ACCOUNT, row["account_id"]),
                "account": lambda row: escaped(self.names[AccountId(row["account_id"])]),
            },
            StatisticDimension.LABEL: {"label": lambda row: escaped(row["label"])},
            StatisticDimension.CAMPAIGN: {
                "campaignId": lambda row: dimension_id(Kind.CAMPAIGN, row["campaign_id"]) or ""
            },
            StatisticDimension.STREAM: {"stream": lambda row: row["stream"]},
            StatisticDimension.CHANNEL: {"channel": lambda row: row["channel"]},
            StatisticDimension.API_KEY: {
                "apiKeyId": lambda row: dimension_id(Kind.API_KEY, row["api_key_id"]) or ""
            },
        }


def _starts(row: Mapping[str, Any]) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(row[STARTS], datetime.UTC)


def _numbers(totals: MessageTotals) -> list[str]:
    return [str(getattr(totals, name)) for name in _COUNTS] + [_units(totals.cost), _units(totals.revenue)]


def _units(amount: int) -> str:
    """In units of the currency."""
    return f"{Decimal(amount) / _MICRO_UNITS:f}"


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)
