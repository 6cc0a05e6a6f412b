"""The arguments of the query `statistics`, as the parameters of a query string."""

import datetime
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from graphql import GraphQLError

from authz.policy.refusals import Refusal, RefusalCode
from engine.base.field_errors import BadArgument
from engine.limits.string_checks import read_variable_texts
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from resolvers.statistics.asked import Asked, StatisticDimension
from resolvers.statistics.periods import StatisticInterval
from schema.fields.long_texts import LONG_TEXTS
from schema.statistics.arguments import read_asked, read_days

E = TypeVar("E", bound=enum.Enum)

PARAMETERS = (
    "accountId",
    "since",
    "until",
    "by",
    "interval",
    "includeDescendants",
    "label",
    "campaignId",
    "stream",
    "channel",
    "comparedToPrevious",
)


@dataclass(frozen=True)
class StatisticsAsked:
    """Of which account, and what."""

    account_id: str
    include_descendants: bool
    asked: Asked


def read_arguments(given: Mapping[str, str]) -> StatisticsAsked:
    """`by` has its values with commas between them. Raises what the query would answer."""
    _check_texts(given)
    by = _dimensions(given["by"]) if "by" in given else []
    asked = read_asked(
        read_days(_date(given, "since"), _date(given, "until")),
        by,
        _optional(StatisticInterval, given, "interval"),
        given.get("label"),
        given.get("campaignId"),
        _optional(SendStream, given, "stream"),
        _optional(MessageChannel, given, "channel"),
        with_previous=_flag(given, "comparedToPrevious"),
    )
    return StatisticsAsked(_required(given, "accountId"), _flag(given, "includeDescendants"), asked)


def _check_texts(given: Mapping[str, str]) -> None:
    for name, text in given.items():
        try:
            read_variable_texts({name: text}, LONG_TEXTS)
        except GraphQLError as error:
            raise BadArgument(error.message, name) from error


def _dimensions(text: str) -> list[StatisticDimension]:
    if not text:
        known = ", ".join(StatisticDimension.__members__)
        raise _wrong("by", f"is empty: leave it out, or give some of {known}, with commas between them")
    return [_member(StatisticDimension, name, "by") for name in text.split(",")]


def _required(given: Mapping[str, str], name: str) -> str:
    if name not in given:
        raise _wrong(name, "is missing")
    return given[name]


def _date(given: Mapping[str, str], name: str) -> datetime.date:
    text = _required(given, name)
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - it is a date
    except ValueError as error:
        raise _wrong(name, "must be a date, such as 2026-01-01") from error


def _optional(kind: type[E], given: Mapping[str, str], name: str) -> E | None:
    return _member(kind, given[name], name) if name in given else None


def _member(kind: type[E], text: str, name: str) -> E:
    try:
        return kind[text]
    except KeyError as error:
        raise _wrong(name, f"takes {', '.join(kind.__members__)}") from error


def _flag(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name, "false")
    if text not in ("true", "false"):
        raise _wrong(name, "must be true or false")
    return text == "true"


def _wrong(name: str, what: str) -> Refusal:
    return Refusal(RefusalCode.BAD_USER_INPUT, f"`{name}` {what}.", name)
