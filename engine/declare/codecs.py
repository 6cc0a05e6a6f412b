"""Codecs: how a client sees a PostgreSQL value, once in Python and once as JSON text in SQL. Both are
equal."""

import enum
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Text, case, cast, func, literal_column, select

from engine.base.client_values import text
from engine.base.json_text import Part


@dataclass(frozen=True)
class Codec:
    """`python` turns a value, never None, into what Strawberry serialises; `sql` turns a column into parts
    of JSON text that are NULL where the column is."""

    python: Callable[[Any], Any]
    sql: Callable[[ColumnElement[Any]], Sequence[Part]]


def _itself(value: Any) -> Any:
    return value


def _as_json(column: ColumnElement[Any]) -> Sequence[Part]:
    return [cast(func.to_json(column), Text)]


def _as_text(column: ColumnElement[Any]) -> Sequence[Part]:
    return [cast(column, Text)]


def _as_boolean(column: ColumnElement[Any]) -> Sequence[Part]:
    return [case((column, text("true")), (~column, text("false")))]


def _as_moment(column: ColumnElement[Any]) -> Sequence[Part]:
    """As Python's isoformat: microseconds only if there are any."""
    utc = func.timezone(text("UTC"), column)
    whole = func.to_char(utc, text('YYYY-MM-DD"T"HH24:MI:SS.US'), type_=Text())
    return ['"', func.replace(whole, text(".000000"), text("")), '+00:00"']


PLAIN = Codec(_itself, _as_json)
"""Text, JSON and lists of texts."""

HEXADECIMAL = Codec(lambda value: value.hex(), lambda column: ['"', func.encode(column, text("hex")), '"'])
"""Bytes, such as a hash."""

CODECS_BY_SCALAR = {
    "ID": PLAIN,
    "String": PLAIN,
    "JSON": Codec(_itself, _as_text),
    "Int": Codec(_itself, _as_text),
    "Boolean": Codec(_itself, _as_boolean),
    "Date": PLAIN,
    "DateTime": Codec(_itself, _as_moment),
}
"""For fields that do not say their codec, by their GraphQL type."""


def global_id(prefix: str) -> Codec:
    """A UUID behind the prefix of its kind."""

    def show(value: uuid.UUID) -> str:
        return f"{prefix}_{value}"

    return Codec(show, lambda column: [f'"{prefix}_', cast(column, Text), '"'])


def enum_of(members: type[enum.Enum]) -> Codec:
    """Text that holds an enum's value; a client sees its name."""
    if all(member.value == member.name for member in members):
        return Codec(members, lambda column: ['"', cast(column, Text), '"'])
    names = [(text(member.value), text(f'"{member.name}"')) for member in members]
    return Codec(members, lambda column: [case(*names, value=column)])


def enums_of(members: type[enum.Enum]) -> Codec:
    """A list of texts that are values of an enum, and its names alike."""
    return Codec(lambda values: [members(value) for value in values], _as_json)


def enum_names_of(members: type[enum.Enum]) -> Codec:
    """A list of texts that are names of an enum's members, as a client sees them."""
    return Codec(lambda names: [members[name] for name in names], _as_json)


def mask_of(members: type[enum.Enum]) -> Codec:
    """A mask that a client sees as a list: each member's value is the number of its bit."""

    def names(mask: int) -> list[enum.Enum]:
        return [member for member in members if mask >> int(member.value) & 1]

    # Written out once: as expressions, dozens of members would be most of what a document compiles to.
    listed = ", ".join(
        f"CASE WHEN once.mask & {1 << int(member.value)} <> 0 THEN '\"{member.name}\",' END"
        for member in members
    )
    text_of_list = literal_column(f"rtrim(concat({listed}), ',')", Text)

    def array(mask: ColumnElement[Any]) -> Sequence[Part]:
        # The fence has the mask computed once, however often it is looked at.
        once = select(mask.label("mask")).correlate_except(None).offset(_number(0)).subquery("once")
        listed_once = select(text_of_list).select_from(once).where(once.c.mask.is_not(None))
        return ["[", listed_once.scalar_subquery(), "]"]

    return Codec(names, array)


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value))
