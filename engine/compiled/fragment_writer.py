"""Writes fragments: what a resolver gives, over a stand-in for the parent's rows, as text with tokens.

A sub-select's columns are kept apart from its text, so that a use writes those alone that it needs.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, cast

from sqlalchemy import CTE, ClauseElement, ColumnElement, FromClause, Select
from sqlalchemy.sql.compiler import CompilerState
from sqlalchemy.sql.elements import Grouping, _truncated_label

from engine.base.client_values import NotCompilableError
from engine.base.once import Once
from engine.compiled.fragments import OWN, Column, Fragment, merge
from engine.compiled.sql_text import VariantDialect, Writer

_LABEL = re.compile(r'(?:\sAS |\.)("?[\w$]+"?)$')
_COLUMN = re.compile(r'("?\w+"?)\.("?\w+"?)')
_WORD = re.compile(r'"?\w+"?')


def written(element: ClauseElement, stand_in: FromClause | None, variant: object = None) -> Fragment:
    """A SELECT or a value over the stand-in."""
    return _FragmentWriter(element, stand_in, variant).fragment()


class _List:
    """The columns of a sub-select. `aliases`: what others may call it; none: they are the fragment's own."""

    def __init__(self, aliases: Collection[str], columns: Mapping[str, str]) -> None:
        self.aliases = aliases
        self.columns = columns
        self.ordered_by: frozenset[str] = frozenset()
        """Those that its ORDER BY may name."""

    @property
    def kept(self) -> frozenset[str]:
        """Those that it shows in any case: without any, an aggregate would be none."""
        return frozenset([*self.columns][:1]) | (self.ordered_by & self.columns.keys())


class _FragmentWriter(Writer):
    def __init__(self, element: ClauseElement, stand_in: FromClause | None, variant: object) -> None:
        super().__init__(VariantDialect.of(variant), None)
        self.state = CompilerState.COMPILING
        self._element = element
        self._stand_in = stand_in
        self._aliases: dict[_truncated_label, str] = {}
        self._lists: list[_List] = []
        self._own: _List | None = None
        self._names: dict[int, tuple[str, ...]] = {}
        self._once: list[Fragment] = []
        self._ctes: dict[str, CTE] = {}

    def fragment(self) -> Fragment:
        """All of it."""
        outer = set() if self._stand_in is None else {self._stand_in}
        self.stack.append({"correlate_froms": outer, "asfrom_froms": outer, "selectable": Select()})
        text = self.process(self._element, asfrom=True, lateral=True)
        lists = tuple(
            {name: Column(column, self._needs(column)) for name, column in each.columns.items()}
            for each in self._lists
        )
        needs = dict(self._needs(text))
        for number, each in enumerate(self._lists):
            merge(needs, {number: each.kept})
            for name in each.kept:
                merge(needs, lists[number][name].needs)
        own = _List((), {}) if self._own is None else self._own
        shown = {name: Column(column, self._needs(column)) for name, column in own.columns.items()}
        binds = {name: bind for bind, name in self.bind_names.items()}
        ctes = tuple(self._ctes.values())
        return Fragment(text, shown, own.kept, lists, needs, tuple(self._once), binds, ctes)

    def _needs(self, text: str) -> Mapping[int, frozenset[str]]:
        """The columns that a text names, and those that they are made of."""
        found: dict[int, set[str]] = {}
        waiting = [text]
        while waiting:
            for alias, name in _COLUMN.findall(waiting.pop()):
                for number, each in enumerate(self._lists):
                    known = found.setdefault(number, set())
                    if alias in each.aliases and name in each.columns and name not in known:
                        known.add(name)
                        waiting.append(each.columns[name])
        return {number: frozenset(names) for number, names in found.items() if names}

    def visit_cte(self, cte: CTE, *_: Any, **__: Any) -> str:
        whole = cte if cte._cte_alias is None else cte._cte_alias
        name = whole.name
        if isinstance(name, _truncated_label) or self._ctes.setdefault(name, whole) is not whole:
            raise NotCompilableError  # a statement has one CTE of a name
        return name if whole is cte else f"{name} AS {self._name_of(cte.name)}"

    def visit_grouping(self, grouping: Grouping[Any], asfrom: bool = False, **keywords: Any) -> str:
        if isinstance(grouping, Once) and grouping.rows is self._stand_in:
            inner = cast("ColumnElement[Any]", grouping.element)
            self._once.append(written(inner, self._stand_in, self.dialect.variant))
            return f"once${len(self._once) - 1}$"
        visit = super().visit_grouping
        return str(visit(grouping, asfrom=asfrom, **keywords))  # type: ignore[no-untyped-call]  # as SQLAlchemy has it

    def visit_alias(self, alias: Any, *arguments: Any, **keywords: Any) -> str:
        # An alias of an alias is written under the outer name.
        outer = self._names.get(id(alias), ())
        self._names[id(alias.element)] = (*outer, self._name_of(alias.name))
        visit = super().visit_alias
        return str(visit(alias, *arguments, **keywords))  # type: ignore[no-untyped-call]  # the same

    def _compose_select_body(
        self, text: str, select: Select[Any], compile_state: Any, inner_columns: list[str], *rest: Any
    ) -> str:
        is_own = select is self._element
        aliases = self._names.get(id(select), ())
        listed = None
        if (is_own or aliases) and not select._distinct:
            listed = self._listed(aliases, inner_columns)
        if listed is not None:
            inner_columns = [f"list${OWN if is_own else len(self._lists) - 1}$"]
        compose = super()._compose_select_body
        composed: str = compose(text, select, compile_state, inner_columns, *rest)  # type: ignore[no-untyped-call]  # the same
        if listed is not None and select._order_by_clauses:
            listed.ordered_by = frozenset(_WORD.findall(composed.rpartition("ORDER BY")[2]))
        return composed

    def _listed(self, aliases: Collection[str], columns: list[str]) -> _List | None:
        """The columns by their names; None where one has none."""
        named = [(_LABEL.search(column), column) for column in columns]
        found = {match[1]: _plain(column, match[1]) for match, column in named if match is not None}
        if not found or len(found) < len(columns):
            return None
        listed = _List(aliases, found)
        if aliases:
            self._lists.append(listed)
        else:
            self._own = listed
        return listed

    def _name_of(self, name: str) -> str:
        if isinstance(name, _truncated_label):
            return self._truncated_identifier("alias", name)
        return str(self.preparer.quote(name))

    def _truncated_identifier(self, ident_class: str, name: _truncated_label) -> str:
        if ident_class != "alias":
            return super()._truncated_identifier(ident_class, name)
        return self._aliases.setdefault(name, f"t{len(self._aliases) + 1}")


def _plain(column: str, name: str) -> str:
    """The column without a name that it has by itself."""
    plain = column.removesuffix(f" AS {name}")
    return plain if _COLUMN.fullmatch(plain) and plain.endswith(f".{name}") else column
