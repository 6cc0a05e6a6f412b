"""Values of contacts' attributes, each of its attribute's type."""

import datetime
import math
import re
from collections.abc import Callable, Mapping

from sqlalchemy import select

from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.contacts.tables import AttributeType, contact_attributes
from resolvers.inputs.text import short_text

Value = str | int | float | bool

LONGEST_TEXT = 1_000
"""Of an attribute's text, in characters."""

_LARGEST = 10**15
"""Whole numbers up to this one are exact in all JSON parsers."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


async def types_of(session: WriteSession, account: Place) -> dict[str, AttributeType]:
    """The types of the account's attributes, by name. One that was deleted is none of them. The session is in
    the data plane."""
    found = contact_attributes.c
    statement = select(found.name, found.type).where(
        in_account(contact_attributes, account), found.deleted_at.is_(None)
    )
    return {name: AttributeType(type_) for name, type_ in (await session.execute(statement)).all()}


def read_attributes(
    given: Mapping[str, object], types: Mapping[str, AttributeType]
) -> dict[str, Value | None]:
    """The values as they are stored; None removes one. Raises BAD_USER_INPUT, with `attributes.<name>` as
    field."""
    return {name: None if value is None else _value(name, value, types) for name, value in given.items()}


def value_of_text(type_: AttributeType, text: str) -> object:
    """What a text stands for in a file of texts: a number, a boolean, or itself."""
    match type_:
        case AttributeType.NUMBER:
            return _number_of_text(text)
        case AttributeType.BOOLEAN:
            return _BOOLEANS.get(text.lower(), text)
        case _:
            return text


def _number_of_text(text: str) -> object:
    if _NUMBER.fullmatch(text) is None:
        return text  # Python itself reads more, such as 1_000
    try:
        return int(text)
    except ValueError:
        return float(text)


def _value(name: str, value: object, types: Mapping[str, AttributeType]) -> Value:
    field = f"attributes.{name}"
    if name not in types:
        message = "The account has no attribute of this name; create it first."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return _READERS[types[name]](value, field)


def _text(value: object, field: str) -> str:
    if not isinstance(value, str):
        raise _wrong(AttributeType.TEXT, "a text", field)
    return short_text(value, field, LONGEST_TEXT)


def _number(value: object, field: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong(AttributeType.NUMBER, "a number", field)
    if abs(value) > _LARGEST:
        message = f"Must be a number between -{_LARGEST} and {_LARGEST}."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _date(value: object, field: str) -> str:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return datetime.date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise _wrong(AttributeType.DATE, "a date such as 2026-03-31", field)


def _boolean(value: object, field: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(AttributeType.BOOLEAN, "true or false", field)
    return value


_READERS: Mapping[AttributeType, Callable[[object, str], Value]] = {
    AttributeType.TEXT: _text,
    AttributeType.NUMBER: _number,
    AttributeType.DATE: _date,
    AttributeType.BOOLEAN: _boolean,
}


def _wrong(type_: AttributeType, what: str, field: str) -> Refusal:
    return Refusal(RefusalCode.BAD_USER_INPUT, f"The attribute is {type_.value}: give {what}.", field)
