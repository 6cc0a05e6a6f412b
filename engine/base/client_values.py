"""Client values on their way into a statement: constants, and variables that are known when the plan runs."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, literal_column
from sqlalchemy.types import TypeEngine


class NotCompilableError(Exception):
    """The compiled executor cannot answer this. The reference executor answers instead."""


@dataclass(frozen=True)
class Variable:
    """A leaf of a variable's value. `path`: the variable's name, then the steps into lists and objects.

    `prefix`: the prefix of a global id, which decides the table to read.
    """

    path: tuple[str | int, ...]
    prefix: str = ""

    def read(self, variables: Mapping[str, Any]) -> Any:
        """The leaf's value in these variables."""
        value: Any = variables
        for step in self.path:
            value = value[step]
        return value


@dataclass(frozen=True)
class Argument(Variable):
    """A value that each use of ready-made SQL binds anew. Its path is in the field's arguments."""


@dataclass(frozen=True)
class Source:
    """Where a bound value comes from. `convert` may raise an error for the client."""

    value: Any
    convert: Callable[[Any], Any] | None = None

    def read(self, variables: Mapping[str, Any]) -> Any:
        """The value for these variables."""
        value = self.value.read(variables) if isinstance(self.value, Variable) else self.value
        return value if self.convert is None else self.convert(value)


class ClientValue(BindParameter[Any]):
    """A client's value in a statement. `source`: where the value comes from."""

    inherit_cache = True
    source: Source


_numbers = itertools.count()


def bound(value: Any, type_: TypeEngine[Any], convert: Callable[[Any], Any] | None = None) -> ClientValue:
    """A client's value as SQL. A known value is converted now, a Variable when the plan runs."""
    if isinstance(value, Variable):
        source = Source(value, convert)
        parameter = ClientValue(f"v{next(_numbers)}", type_=type_, required=True)
    else:
        source = Source(value if convert is None else convert(value))
        parameter = ClientValue(None, source.value, type_=type_, unique=True)
    parameter.source = source
    return parameter


def source_of(element: object) -> Source | None:
    """Where a client's value comes from that `bound` made; None for anything else."""
    return element.source if isinstance(element, ClientValue) else None


def text(value: str) -> ColumnElement[str]:
    """A text as a literal of the statement."""
    quoted = value.replace("'", "''")
    return literal_column(f"'{quoted}'")
