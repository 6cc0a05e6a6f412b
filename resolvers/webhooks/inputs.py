"""What of a webhook's settings is checked before it is stored."""

from collections.abc import Iterable, Mapping
from typing import Any

from models.base.ids import Kind, present
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change
from resolvers.inputs.text import visible_text


def description_of(text: str | None) -> str | None:
    """What people wrote of it. Raises BAD_USER_INPUT."""
    return None if text is None else visible_text(text, "description")


def types_of(types: Iterable[EventType]) -> list[str]:
    """The types as they are stored, by their names in the API; empty: all."""
    return sorted({each.name for each in types})


def shown(values: Mapping[str, Any]) -> Change:
    """The settings as the log shows them. A document may be long, and is told by its length."""
    found: Change = {}
    for column, value in values.items():
        name = str(column)  # SQLAlchemy's names are no plain texts
        match name:
            case "api_key_id":
                found[name] = present(Kind.API_KEY, value)
            case "document":
                found["document_length"] = None if value is None else len(value)
            case "url" | "description" | "include_descendants":
                found[name] = value
            case "types":
                found[name] = list(value)
    return found
