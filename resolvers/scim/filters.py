"""The filters that directories use: one attribute, `eq`, one value."""

import re
from dataclasses import dataclass

from resolvers.scim.errors import invalid
from resolvers.scim.patch import literal

_FILTER = re.compile(
    r'^\s*(?P<name>[\w.$:-]+)\s+eq\s+(?P<value>"(?:[^"\\]|\\.)*"|true|false)\s*$', re.IGNORECASE
)


@dataclass(frozen=True)
class Filter:
    """`name`: in small letters."""

    name: str
    value: object


def parse_filter(text: str | None) -> Filter | None:
    """Raises ScimError for one of another form, and for NUL, which the database takes in no text."""
    if text is None:
        return None
    matched = _FILTER.match(text)
    if matched is None:
        raise invalid('Filters have the form: attribute eq "value".', "invalidFilter")
    value = literal(matched["value"])
    if isinstance(value, str) and "\0" in value:
        raise invalid("A value in a filter must not contain NUL.", "invalidFilter")
    return Filter(matched["name"].lower(), value)
