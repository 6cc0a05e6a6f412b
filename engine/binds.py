"""Values on their way into a compiled statement: constants, and variables known only when the plan runs."""

import copy
import functools
import itertools
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    ClauseElement,
    ColumnElement,
    CompoundSelect,
    Select,
    bindparam,
    literal,
    literal_column,
)
from sqlalchemy.dialects.postgresql.asyncpg import PGCompiler_asyncpg, PGDialect_asyncpg
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine


class NotCompilableError(Exception):
    """The compiled executor cannot answer this; the reference executor must."""


@dataclass(frozen=True)
class Variable:
    """A leaf of a variable's value: its name, then the steps into lists and objects.

    `prefix` is that of a global id: it decides which table is looked into.
    """

    path: tuple[str | int, ...]
    prefix: str = ""


@dataclass(frozen=True)
class Source:
    """Where a bound value comes from. `convert` may raise what a client should hear."""

    value: Any
    convert: Callable[[Any], Any] | None = None

    def read(self, variables: Mapping[str, Any]) -> Any:
        """The value for these variables."""
        value = self.value
        if isinstance(value, Variable):
            value = variables
            for step in self.value.path:
                value = value[step]
        return value if self.convert is None else self.convert(value)


@dataclass(frozen=True)
class Prepared:
    """SQL with `$n`, and in their order where the values come from: a Source, or a value's name."""

    sql: str
    values: tuple[Source | str, ...]

    def bound(self, variables: Mapping[str, Any], named: Mapping[str, Any]) -> list[Any]:
        """The values to send. Raises what a client's value makes its `convert` raise."""
        return [named[value] if isinstance(value, str) else value.read(variables) for value in self.values]


_numbers = itertools.count()


def bound(
    value: Any, type_: TypeEngine[Any], convert: Callable[[Any], Any] | None = None
) -> ColumnElement[Any]:
    """A client's value as SQL. What is known now is converted now; a Variable when the plan runs."""
    parameter: ColumnElement[Any]
    if isinstance(value, Variable):
        source = Source(value, convert)
        parameter = bindparam(f"v{next(_numbers)}", type_=type_, required=True)
    else:
        source = Source(value if convert is None else convert(value))
        parameter = literal(source.value, type_)
    parameter.__dict__["source"] = source
    return parameter


def only_in(variant: Hashable, arm: Select[Any]) -> Select[Any]:
    """An arm of a union that has rows in one variant of the statement alone: others leave it out.

    PostgreSQL sets up all that a statement names, whether or not it comes to it.
    """
    arm.__dict__[_VARIANT] = variant
    return arm


def prepared(statement: ClauseElement, variant: Hashable = None) -> Prepared:
    """Compile a variant of the statement for asyncpg; None: with all of its arms."""
    compiled = statement.compile(dialect=_dialect(variant))
    if not isinstance(compiled, SQLCompiler):
        raise TypeError("not a statement that selects")
    values = [_source(compiled.binds[name]) for name in compiled.positiontup or ()]
    return Prepared(str(compiled), tuple(values))


def source_of(element: ColumnElement[Any]) -> Source | None:
    """Where a client's value comes from that `bound` made; None for anything else."""
    found = element.__dict__.get("source")
    return found if isinstance(found, Source) else None


def _source(parameter: BindParameter[Any]) -> Source | str:
    source = source_of(parameter)
    if source is not None:
        return source
    return str(parameter.key) if parameter.required else Source(parameter.value)


class _Compiler(PGCompiler_asyncpg):
    """What resolvers say themselves is part of the statement, so that the planner knows it and nothing is
    sent; what clients say is always bound."""

    def visit_bindparam(self, bindparam: BindParameter[Any], *arguments: Any, **keywords: Any) -> str:
        ours = not bindparam.required and source_of(bindparam) is None
        if ours and isinstance(bindparam.value, str | int):
            render = self.render_literal_bindparam
            return str(render(bindparam, **keywords))  # type: ignore[no-untyped-call]  # as SQLAlchemy has it
        visit = super().visit_bindparam
        return str(visit(bindparam, *arguments, **keywords))  # type: ignore[no-untyped-call]  # the same

    def visit_compound_select(self, cs: CompoundSelect[Any], *arguments: Any, **keywords: Any) -> str:
        variant = self.dialect.__dict__[_VARIANT]
        arms = [arm for arm in cs.selects if arm.__dict__.get(_VARIANT) in (None, variant)]
        if variant is not None and len(arms) < len(cs.selects):
            cs = copy.copy(cs)
            cs.selects = arms
        visit = super().visit_compound_select
        return str(visit(cs, *arguments, **keywords))  # type: ignore[no-untyped-call]  # the same


_VARIANT = "variant"


@functools.cache
def _dialect(variant: Hashable) -> PGDialect_asyncpg:
    dialect = PGDialect_asyncpg()  # type: ignore[no-untyped-call]
    dialect.statement_compiler = _Compiler
    dialect.__dict__[_VARIANT] = variant
    return dialect


def text(value: str) -> ColumnElement[str]:
    """A text that is part of the statement."""
    quoted = value.replace("'", "''")
    return literal_column(f"'{quoted}'")
