"""The permission that a field needs, added to its description, because introspection does not show
directives. The text is generated from the directives."""

from collections.abc import Iterable, Iterator

from graphql import GraphQLEnumType, GraphQLObjectType, GraphQLSchema

from authz.policy.permissions import Permission
from engine.base.marks import Anonymous, Requires, RequiresAny, StaffOnly
from schema.fields.directives import directives_of

_NOT_YET = "Nothing needs it yet."


def describe_needs(schema: GraphQLSchema) -> None:
    """Add to each field's description what it needs, and mark permissions and areas that no field needs."""
    objects = [
        type_
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__")
    ]
    for type_ in objects:
        for field in type_.fields.values():
            marks = directives_of(field) or directives_of(type_)
            field.description = _joined(field.description, *_sentences(marks))
    used = set(_permissions(mark for type_ in objects for mark in _marks_of(type_)))
    _mark_unused(schema, "Permission", {permission.name for permission in used})
    _mark_unused(schema, "Area", {permission.area.name for permission in used})


def _sentences(marks: Iterable[object]) -> Iterator[str]:
    for mark in marks:
        if isinstance(mark, Requires):
            yield f"Needs {mark.permission}."
        elif isinstance(mark, RequiresAny):
            yield f"Needs {' or '.join(mark.permissions)}."
        elif isinstance(mark, StaffOnly):
            yield "For the platform's staff."
        elif isinstance(mark, Anonymous):
            yield "Needs no token."


def _marks_of(type_: GraphQLObjectType) -> Iterator[object]:
    yield from directives_of(type_)
    for field in type_.fields.values():
        yield from directives_of(field)


def _permissions(marks: Iterable[object]) -> Iterator[Permission]:
    for mark in marks:
        if isinstance(mark, Requires):
            yield Permission[mark.permission]
        elif isinstance(mark, RequiresAny):
            yield from (Permission[name] for name in mark.permissions)


def _mark_unused(schema: GraphQLSchema, enum: str, used: set[str]) -> None:
    type_ = schema.type_map[enum]
    if not isinstance(type_, GraphQLEnumType):
        raise TypeError(f"{enum} is no enum")
    for name, value in type_.values.items():
        if name not in used:
            value.description = _joined(value.description, _NOT_YET)


def _joined(*texts: str | None) -> str | None:
    return " ".join(text for text in texts if text) or None
