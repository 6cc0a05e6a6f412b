"""Selection sets of every form: aliases, merged fields, fragments, directives."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

from tests.equality.drawn.arguments import Arguments
from tests.equality.drawn.choices import Choices

_BORROWED_KEYS = (
    "id",
    "name",
    "node",
    "nodes",
    "totalCount",
    "pageInfo",
    "cursor",
    "role",
    "_",
)
"""Aliases that look like other fields."""
_MOST_LISTS = 3


@dataclass(frozen=True)
class Place:
    """How far down a selection stands, and in how many lists."""

    depth: int
    lists: int = 0


@dataclass(frozen=True)
class Fragment:
    """A named fragment that is complete, and how many levels of objects and lists it adds."""

    name: str
    on: str
    depth: int
    lists: int


class Selections:
    """Draws what an operation selects. `fields`: about how many; `polymorphic`: it asks for an interface.

    Response keys are given so that they never clash: within a type a key always means the same field with
    the same arguments, and where types meet under a Node a key that could differ is replaced.
    """

    def __init__(
        self, choices: Choices, schema: GraphQLSchema, arguments: Arguments, fields: int, *, polymorphic: bool
    ) -> None:
        self._choices = choices
        self._schema = schema
        self._arguments = arguments
        self._left = fields
        self._polymorphic = polymorphic
        self._heads: dict[tuple[str, str], tuple[str, str]] = {}
        self._aliases = 0
        self._fragments: list[Fragment] = []
        self.definitions: list[str] = []
        """The named fragments' texts."""

    def of(self, type_: GraphQLNamedType, place: Place) -> str:
        """What stands between the braces."""
        texts: list[str] = []
        if isinstance(type_, GraphQLInterfaceType):
            texts += self._of_possible_types(type_, place)
        assert isinstance(type_, GraphQLInterfaceType | GraphQLObjectType)
        names = [name for name, field in type_.fields.items() if self._fits(field, place)]
        if names and self._left > 0:
            texts += self.fields(type_, self._choices.some(names, 2, 7), place)
        texts += self._typename(type_)
        return " ".join(texts) or "__typename"

    def fields(
        self, type_: GraphQLObjectType | GraphQLInterfaceType, names: Iterable[str], place: Place
    ) -> list[str]:
        """The fields, as they are or in fragments."""
        return [self._wrapped(type_, self._field(type_, name, place), place) for name in names]

    def _field(self, type_: GraphQLObjectType | GraphQLInterfaceType, name: str, place: Place) -> str:
        """One field, sometimes twice: the two are merged."""
        self._left -= 1
        field = type_.fields[name]
        head = self._head(type_, name, field)
        text = f"{head}{self._arguments.directives()}{self._inner(field, place)}"
        if self._choices.chance(8):
            return f"{text} {head}{self._inner(field, place)}"
        return text

    def _fits(self, field: GraphQLField, place: Place) -> bool:
        if is_leaf_type(get_named_type(field.type)):
            return True
        return place.depth > 0 and (place.lists < _MOST_LISTS or "first" not in field.args)

    def _inner(self, field: GraphQLField, place: Place) -> str:
        named = get_named_type(field.type)
        if is_leaf_type(named):
            return ""
        deeper = Place(place.depth - 1, place.lists + ("first" in field.args))
        return f" {{ {self.of(named, deeper)} }}"

    def _head(self, type_: GraphQLNamedType, name: str, field: GraphQLField) -> str:
        """`alias: name(arguments)`; under one key always the same."""
        key = self._key(name)
        known = self._heads.get((type_.name, key))
        if known is not None and known[0] != name:
            key, known = self._unique_key(), None
        if known is None:
            known = self._heads[type_.name, key] = (name, self._arguments.of(name, field))
        alias = "" if key == name else f"{key}: "
        return f"{alias}{name}{known[1]}"

    def _key(self, name: str) -> str:
        if self._choices.chance(30):
            return self._unique_key()
        if self._polymorphic:
            return self._unique_key() if name in _ambiguous(self._schema) else name
        return self._choices.pick(_BORROWED_KEYS) if self._choices.chance(5) else name

    def _unique_key(self) -> str:
        self._aliases += 1
        return f"a{self._aliases}"

    def _of_possible_types(self, interface: GraphQLInterfaceType, place: Place) -> list[str]:
        """Inline fragments on some of the types, each with a key that they share for another field."""
        return [
            f"... on {type_.name}{self._arguments.directives()} {{ {self._shared(type_)} "
            f"{self.of(type_, place)} }}"
            for type_ in self._schema.get_possible_types(interface)
            if self._choices.chance(70)
        ]

    def _shared(self, type_: GraphQLObjectType) -> str:
        names = [name for name, field in type_.fields.items() if str(field.type) == "String!"]
        if not names or not self._choices.chance(30):
            return ""
        name, _ = self._heads.setdefault((type_.name, "shared"), (self._choices.pick(names), ""))
        return f"shared: {name}"

    def _typename(self, type_: GraphQLNamedType) -> list[str]:
        if not self._choices.chance(15):
            return []
        return [self._choices.pick(("__typename", f"type{type_.name}: __typename"))]

    def _wrapped(self, type_: GraphQLNamedType, text: str, place: Place) -> str:
        """The field as it is, or in a fragment; sometimes with an older fragment beside it."""
        beside = self._older_fragment(type_, place)
        if not self._choices.chance(20):
            return text + beside
        form = self._choices.pick(("", f" on {type_.name}", "named"))
        if form != "named":
            return f"...{form}{self._arguments.directives()} {{ {text} }}{beside}"
        name = f"F{len(self.definitions) + 1}"
        self.definitions.append(f"fragment {name} on {type_.name} {{ {text} }}")
        self._fragments.append(Fragment(name, type_.name, place.depth, _MOST_LISTS - place.lists))
        return f"...{name}{self._arguments.directives()}{beside}"

    def _older_fragment(self, type_: GraphQLNamedType, place: Place) -> str:
        fitting = [
            fragment.name
            for fragment in self._fragments
            if fragment.on == type_.name
            and fragment.depth <= place.depth
            and fragment.lists <= _MOST_LISTS - place.lists
        ]
        if not fitting or not self._choices.chance(15):
            return ""
        return f" ...{self._choices.pick(fitting)}{self._arguments.directives()}"


@functools.cache
def lead_to_interfaces(schema: GraphQLSchema) -> frozenset[str]:
    """The fields of the query type below which, however deep, objects of several types may meet."""
    assert schema.query_type is not None
    fields = schema.query_type.fields
    return frozenset(
        name for name, field in fields.items() if _leads_to_interface(get_named_type(field.type))
    )


def _leads_to_interface(start: GraphQLNamedType) -> bool:
    waiting, known = [start], {start.name}
    while waiting:
        type_ = waiting.pop()
        if isinstance(type_, GraphQLInterfaceType):
            return True
        if isinstance(type_, GraphQLObjectType):
            inner = [get_named_type(field.type) for field in type_.fields.values()]
            waiting += [found for found in inner if found.name not in known]
            known |= {found.name for found in inner}
    return False


@functools.cache
def _ambiguous(schema: GraphQLSchema) -> frozenset[str]:
    """Fields that have arguments, or that are of different types in different objects."""
    types: dict[str, set[str]] = {}
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType):
            for name, field in type_.fields.items():
                types.setdefault(name, set()).add(f"{field.type} {sorted(field.args)}")
    return frozenset(name for name, found in types.items() if len(found) > 1)
