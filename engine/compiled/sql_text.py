"""SQLAlchemy's statements as text for asyncpg, and where their values come from."""

import copy
import functools
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ClauseElement, CompoundSelect, Select
from sqlalchemy.dialects.postgresql.asyncpg import PGCompiler_asyncpg, PGDialect_asyncpg
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from engine.base.client_values import Source, source_of

_VARIANT = "mandant_variant"
"""The execution option of an arm; SQLAlchemy hands it on with the statement's copies."""


@dataclass(frozen=True)
class Prepared:
    """SQL with `$n`, and in their order where the values come from: a Source, or a value's name."""

    sql: str
    values: tuple[Source | str, ...]

    def bound(self, variables: Mapping[str, Any], named: Mapping[str, Any]) -> list[Any]:
        """The values to send. Raises what a client's value makes its `convert` raise."""
        return [named[value] if isinstance(value, str) else value.read(variables) for value in self.values]


def only_in(variant: Hashable, arm: Select[Any]) -> Select[Any]:
    """An arm of a union that has rows in one variant of the statement alone: others leave it out.

    PostgreSQL sets up all that a statement names, whether or not it comes to it.
    """
    return arm.execution_options(**{_VARIANT: variant})


def _variant_of(arm: object) -> Hashable:
    return arm.get_execution_options().get(_VARIANT) if isinstance(arm, Select) else None


def prepared(statement: ClauseElement, variant: Hashable = None) -> Prepared:
    """Write a variant of the statement for asyncpg; None: with all of its arms."""
    compiled = statement.compile(dialect=VariantDialect.of(variant))
    if not isinstance(compiled, SQLCompiler):
        raise TypeError("not a statement that selects")
    values = [value_of(compiled.binds[name]) for name in compiled.positiontup or ()]
    return Prepared(str(compiled), tuple(values))


def value_of(parameter: BindParameter[Any]) -> Source | str:
    """Where a parameter's value comes from."""
    source = source_of(parameter)
    if source is not None:
        return source
    return str(parameter.key) if parameter.required else Source(parameter.value)


class Writer(PGCompiler_asyncpg):
    """What resolvers say themselves is part of the statement, so that the planner knows it and nothing is
    sent; what clients say is always bound."""

    dialect: "VariantDialect"

    def visit_bindparam(self, bindparam: BindParameter[Any], *arguments: Any, **keywords: Any) -> str:
        ours = not bindparam.required and source_of(bindparam) is None
        if ours and isinstance(bindparam.value, str | int):
            render = self.render_literal_bindparam
            return str(render(bindparam, **keywords))  # type: ignore[no-untyped-call]  # as SQLAlchemy has it
        visit = super().visit_bindparam
        return str(visit(bindparam, *arguments, **keywords))  # type: ignore[no-untyped-call]  # the same

    def visit_compound_select(self, cs: CompoundSelect[Any], *arguments: Any, **keywords: Any) -> str:
        variant = self.dialect.variant
        arms = [arm for arm in cs.selects if _variant_of(arm) in (None, variant)]
        if variant is not None and len(arms) < len(cs.selects):
            cs = copy.copy(cs)
            cs.selects = arms
        visit = super().visit_compound_select
        return str(visit(cs, *arguments, **keywords))  # type: ignore[no-untyped-call]  # the same


class VariantDialect(PGDialect_asyncpg):
    """asyncpg's, that writes one variant of each statement."""

    statement_compiler = Writer

    def __init__(self, variant: Hashable) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # as SQLAlchemy has it
        self.variant = variant

    @classmethod
    @functools.cache
    def of(cls, variant: Hashable) -> "VariantDialect":
        """The variant's."""
        return cls(variant)


def quoted_name(name: str) -> str:
    """A column's name as it is written."""
    return str(VariantDialect.of(None).identifier_preparer.quote(name))


def type_name(type_: TypeEngine[Any]) -> str:
    """A type as it is written."""
    return str(VariantDialect.of(None).type_compiler_instance.process(type_))
