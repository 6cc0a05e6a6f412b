"""What a change of the schema breaks for clients, and what was promised to those who use what is
deprecated."""

import datetime
import re
from collections.abc import Iterator, Mapping

from graphql import BreakingChangeType, GraphQLEnumType, GraphQLSchema, find_breaking_changes

_FORM = re.compile(r"Use [^\n]+\. Removed after ([0-9]{4}-[0-9]{2}-[0-9]{2})\.")
_PLACE = re.compile(r"@\w+|\b[A-Za-z_]\w*\.\w+(?:\(\w+:\))?")
"""What a sentence of graphql-core names; one that names none of these begins with a type."""
_REMOVALS = {
    BreakingChangeType.FIELD_REMOVED,
    BreakingChangeType.ARG_REMOVED,
    BreakingChangeType.VALUE_REMOVED_FROM_ENUM,
}


def deprecations(schema: GraphQLSchema) -> Mapping[str, str]:
    """The reasons by their places: `Type.field`, `Type.field(argument:)`, `Enum.VALUE`."""
    return {place: reason for place, reason in _places(schema) if reason is not None}


def _places(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Each field, argument and value of an enum, with why it is deprecated if it is."""
    for type_ in schema.type_map.values():
        inside = type_.values if isinstance(type_, GraphQLEnumType) else getattr(type_, "fields", {})
        for name, item in inside.items():
            yield f"{type_.name}.{name}", item.deprecation_reason
            for key, argument in getattr(item, "args", {}).items():
                yield f"{type_.name}.{name}({key}:)", argument.deprecation_reason


def end_of(reason: str) -> datetime.date | None:
    """The last day of what is deprecated; None for a reason of another form."""
    found = _FORM.fullmatch(reason)
    try:
        return None if found is None else datetime.date.fromisoformat(found[1])
    except ValueError:
        return None


def wrong_deprecations(schema: GraphQLSchema, today: datetime.date) -> list[str]:
    """What is deprecated without saying what to use and until when, or stayed longer than it says."""
    ends = {place: end_of(reason) for place, reason in deprecations(schema).items()}
    return [place for place, end in ends.items() if end is None or end < today]


def untold_breaks(before: GraphQLSchema, now: GraphQLSchema, told: str) -> list[str]:
    """The changes that break clients, and whose place the text does not name in backticks."""
    changes = [change.description for change in find_breaking_changes(before, now)]
    return [change for change in changes if f"`{_place(change)}`" not in told]


def early_removals(before: GraphQLSchema, now: GraphQLSchema, today: datetime.date) -> list[str]:
    """What is gone before the day that its deprecation names."""
    ends = {place: end_of(reason) for place, reason in deprecations(before).items()}
    changes = [change for change in find_breaking_changes(before, now) if change.type in _REMOVALS]
    removed = [_place(change.description) for change in changes]
    return [place for place in removed if (end := ends.get(place)) is not None and end >= today]


def _place(description: str) -> str:
    """Where a change is."""
    found = _PLACE.search(description)
    return description.split(" ")[0] if found is None else found[0]
