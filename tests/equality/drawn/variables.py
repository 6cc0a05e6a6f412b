"""An operation's variables, as they are declared and as they are sent."""

import json
from dataclasses import dataclass

from graphql import GraphQLArgument, GraphQLBoolean, GraphQLInputType, GraphQLNonNull, Undefined

from tests.equality.drawn.choices import Choices


@dataclass(frozen=True)
class Value:
    """A value as a literal of the document and as JSON."""

    literal: str
    json: object

    @classmethod
    def of(cls, json_value: object) -> "Value":
        """A value that is written alike in both: not an enum's."""
        return cls(json.dumps(json_value, ensure_ascii=False), json_value)


NULL = Value.of(None)


class Variables:
    """Declares a variable for a value, in all the ways in which GraphQL lets it arrive."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._declarations: dict[str, str] = {}
        self._by_type: dict[str, list[str]] = {}
        self.values: dict[str, object] = {}

    @property
    def declared(self) -> str:
        """`($v1: ID!, $v2: Int = 3)`, or nothing."""
        inner = ", ".join(f"${name}: {declaration}" for name, declaration in self._declarations.items())
        return f"({inner})" if inner else ""

    def directive(self) -> str:
        """A variable for `if`."""
        return self.use(GraphQLArgument(_BOOLEAN), Value.of(self._choices.chance(50)))

    def use(self, argument: GraphQLArgument, value: Value, *, exact: bool = False) -> str:
        """`$v1`, with the value or, unless it has to be `exact`, with what GraphQL puts in its place."""
        shared = self._by_type.get(str(argument.type), [])
        if shared and self._choices.chance(15):
            return self._choices.pick(shared)
        name = f"v{len(self._declarations) + 1}"
        self._declare(name, argument, value, exact=exact)
        return f"${name}"

    def _declare(self, name: str, argument: GraphQLArgument, value: Value, *, exact: bool) -> None:
        type_, choices = argument.type, self._choices
        nullable: GraphQLInputType = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        may_be_absent = nullable is type_ or argument.default_value is not Undefined
        if value is not NULL and choices.chance(15):
            # With a default of its own a nullable variable may stand where null may not.
            declared = choices.pick((str(type_), str(nullable)))
            self._declarations[name] = f"{declared} = {value.literal}"
            if choices.chance(30):
                self.values[name] = value.json
            return
        if may_be_absent and not exact and choices.chance(12):
            self._declarations[name] = str(nullable)
            return
        stricter = value is not NULL and nullable is type_ and choices.chance(15)
        self._declarations[name] = f"{nullable}!" if stricter else str(type_)
        self.values[name] = value.json
        if str(type_) in _SHARED:
            self._by_type.setdefault(str(type_), []).append(f"${name}")


_SHARED = {"Boolean!", "ID!"}
_BOOLEAN = GraphQLNonNull(GraphQLBoolean)
