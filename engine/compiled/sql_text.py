"""A statement's text for asyncpg, and where its values come from."""

import copy
import functools
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CTE, BindParameter, ClauseElement, ColumnElement, CompoundSelect, FromClause, Select
from sqlalchemy.dialects.postgresql.asyncpg import PGCompiler_asyncpg, PGDialect_asyncpg
from sqlalchemy.sql.compiler import CompilerState, SQLCompiler
from sqlalchemy.sql.elements import _truncated_label
from sqlalchemy.sql.selectable import NamedFromClause
from sqlalchemy.types import NullType

from engine.base.client_values import Source, source_of
from engine.base.elements import elements_of
from engine.compiled.fragments import OWN, STAND_IN, Fragment, FragmentRows, FragmentValue

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
    compiled = statement.compile(dialect=_Dialect.of(variant))
    if not isinstance(compiled, SQLCompiler):
        raise TypeError("not a statement that selects")
    values = [_source(compiled.binds[name]) for name in compiled.positiontup or ()]
    return Prepared(str(compiled), tuple(values))


def written(element: ClauseElement, stand_in: FromClause | None, variant: Hashable) -> Fragment:
    """A SELECT or a value over the stand-in, to be put into statements of the variant."""
    return _FragmentWriter(element, variant).write(stand_in)


def _source(parameter: BindParameter[Any]) -> Source | str:
    source = source_of(parameter)
    if source is not None:
        return source
    return str(parameter.key) if parameter.required else Source(parameter.value)


class _Writer(PGCompiler_asyncpg):
    """What resolvers say themselves is part of the statement, so that the planner knows it and nothing is
    sent; what clients say is always bound. Fragments are put in as they were written once."""

    dialect: "_Dialect"
    _fragments = 0

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

    def visit_fragment_rows(self, rows: FragmentRows, **_: Any) -> str:
        """Rows of a fragment, in a FROM."""
        head = "LATERAL " if rows.is_lateral else ""
        return f"{head}({self._put_in(rows)}) AS {self._name_of(rows)}"

    def visit_fragment_value(self, value: FragmentValue, **_: Any) -> str:
        """A value of a fragment."""
        return self._put_in(value)

    def _put_in(self, piece: FragmentRows | FragmentValue) -> str:
        fragment, use = piece.fragment, piece.use
        self._fragments += 1
        text = fragment.text.replace(OWN, f"_{self._fragments}")
        if use.parent is not None:
            text = text.replace(STAND_IN, self._name_of(use.parent))
        for token, cte in fragment.ctes.items():
            text = text.replace(token, str(self.visit_cte(cte, asfrom=True)))
        names = {name: self._bound_name(use.bound(bind)) for name, bind in fragment.binds.items()}
        return _PLACEHOLDER.sub(lambda found: f"%({names[found[1]]})s", text) if names else text

    def _name_of(self, rows: FromClause) -> str:
        name = cast("NamedFromClause", rows).name  # whatever rows are read from has one
        if isinstance(name, _truncated_label):
            name = self._truncated_identifier("alias", name)
        return self.preparer.quote(name)

    def _bound_name(self, bind: BindParameter[Any]) -> str:
        self.process(bind)
        return self.bind_names[bind]


_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


class _FragmentWriter(_Writer):
    """Writes what will be put into statements: CTEs are named, and written there."""

    def __init__(self, element: ClauseElement, variant: Hashable) -> None:
        super().__init__(_Dialect.of(variant), None)
        self.state = CompilerState.COMPILING
        self._element = element
        found = [inner for inner in elements_of(element) if isinstance(inner, CTE)]
        ctes = dict.fromkeys(_unaliased(cte) for cte in found)
        self._tokens = {f"cte${number}$": cte for number, cte in enumerate(ctes)}
        self._names = {cte.name: token for token, cte in self._tokens.items()}

    def write(self, stand_in: FromClause | None) -> Fragment:
        """The fragment, over the stand-in."""
        outer = set() if stand_in is None else {stand_in}
        self.stack.append({"correlate_froms": outer, "asfrom_froms": outer, "selectable": Select()})
        text = self.process(self._element, asfrom=True, lateral=True)
        used = {token: cte for token, cte in self._tokens.items() if token in text}
        binds = {name: bind for bind, name in self.bind_names.items()}
        columns = self._element.subquery().c if isinstance(self._element, Select) else ()
        type_ = self._element.type if isinstance(self._element, ColumnElement) else NullType()
        return Fragment(text, used, binds, tuple((str(c.key), c.type) for c in columns), type_)

    def visit_cte(self, cte: CTE, *_: Any, **__: Any) -> str:
        token = self._names[_unaliased(cte).name]
        return f"{token} AS {self._name_of(cte)}" if cte._cte_alias is not None else token

    def _truncated_identifier(self, ident_class: str, name: _truncated_label) -> str:
        if name in self._names:
            return self._names[name]
        own = OWN if ident_class == "alias" else ""
        return super()._truncated_identifier(ident_class, name) + own


def _unaliased(cte: CTE) -> CTE:
    return cte if cte._cte_alias is None else cte._cte_alias


class _Dialect(PGDialect_asyncpg):
    """asyncpg's, that writes one variant of each statement."""

    statement_compiler = _Writer

    def __init__(self, variant: Hashable) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # as SQLAlchemy has it
        self.variant = variant

    @classmethod
    @functools.cache
    def of(cls, variant: Hashable) -> "_Dialect":
        """The variant's."""
        return cls(variant)
