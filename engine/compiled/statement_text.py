"""The text of one statement while it is put together: its values and its CTEs."""

import re
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from sqlalchemy import CTE, BindParameter, ColumnElement

from engine.base.client_values import Argument, Source, bound, source_of
from engine.compiled.fragment_writer import written
from engine.compiled.fragments import PLACES, Arguments, Fragment
from engine.compiled.shared import Shared
from engine.compiled.sql_text import Prepared, type_name, value_of

_TOKEN = re.compile(PLACES)

_ctes: WeakKeyDictionary[CTE, dict[Hashable, Fragment]] = WeakKeyDictionary()
"""The text of each CTE in each variant."""


class Parent(Protocol):
    """The rows that a fragment is put over."""

    def column(self, name: str) -> str:
        """A column of theirs, which is asked for by this."""

    def once(self, text: str) -> str:
        """A value of theirs, computed once for each row."""


@dataclass(frozen=True)
class Use:
    """A fragment, the parent's rows (None: the root), its parameters by their names, and the page's size.
    `once`: the uses of what is computed once for the parent's row."""

    fragment: Fragment
    parent: Parent | None
    binds: Mapping[str, BindParameter[Any]]
    size: int
    once: tuple["Use", ...]

    @property
    def key(self) -> Hashable:
        """Equal for uses whose texts are equal, over the same rows."""
        values = [_key(bind) for bind in self.binds.values()]
        return (self.fragment, *values, self.size, *(use.key for use in self.once))


class StatementText:
    """Hands out the places of values, and collects the CTEs that are named. `variant`: see
    `engine.compiled.sql_text.only_in`."""

    def __init__(self, variant: Hashable) -> None:
        self._variant = variant
        self._values: list[Source | str] = []
        self._places: dict[Hashable, str] = {}
        self._ctes: dict[str, str] = {}
        self.shared = Shared()

    def use(self, fragment: Fragment, parent: Parent | None, given: Arguments, size: int = 0) -> Use:
        """A use of the fragment with these arguments."""
        for cte in fragment.ctes:
            self.cte(cte)
        binds = {name: _given(bind, given) for name, bind in fragment.binds.items()}
        once = tuple(self.use(each, parent, given, size) for each in fragment.once)
        return Use(fragment, parent, binds, size, once)

    def text(self, use: Use, asked: Collection[str] = ()) -> str:
        """The fragment's text, showing the columns that are asked for."""
        return _Putting(self, use, asked).text(use.fragment.text)

    def finished(self, body: str) -> Prepared:
        """The statement."""
        ctes = ", ".join(f"{name} AS MATERIALIZED ({text})" for name, text in self._ctes.items())
        return Prepared(f"WITH {ctes} {body}" if ctes else body, tuple(self._values))

    def cte(self, cte: CTE) -> str:
        """The name of a CTE, which the statement has from now on."""
        name = str(cte.name)
        if name not in self._ctes:
            variants = _ctes.setdefault(cte, {})
            fragment = variants.get(self._variant)
            if fragment is None:
                fragment = variants[self._variant] = written(cte.element, None, self._variant)
            text = self.text(self.use(fragment, None, {}), fragment.shown.keys())
            self._ctes[name] = text
        return name

    def typed(self, bind: ColumnElement[Any]) -> str:
        """A client's value with its type."""
        if not isinstance(bind, BindParameter):
            raise TypeError("a client's value is a parameter")
        return f"{self.place(bind)}::{type_name(bind.type)}"

    def place(self, bind: BindParameter[Any]) -> str:
        """Where a parameter's value stands. Equal values share a place."""
        key = _key(bind)
        place = self._places.get(key)
        if place is None:
            self._values.append(value_of(bind))
            place = self._places[key] = f"${len(self._values)}"
        return place


class _Putting:
    """Puts a use's own in the places of a fragment's tokens."""

    def __init__(self, statement: StatementText, use: Use, asked: Collection[str]) -> None:
        self._statement = statement
        self._use = use
        self._columns = use.fragment.columns(asked)

    def text(self, text: str) -> str:
        return _TOKEN.sub(self._put, text)

    def _put(self, found: re.Match[str]) -> str:
        column, once, listed, more, value = found.groups()
        use = self._use
        if value is not None:
            return self._statement.place(use.binds[value])
        if listed is not None:
            return ", ".join(self.text(each.text) for each in self._columns.get(listed, ()))
        if more is not None:
            return str(use.size + int(more))
        if use.parent is None:
            raise AssertionError("only what is put over rows has a parent")
        if column is not None:
            return use.parent.column(column)
        return use.parent.once(self._statement.text(use.once[int(once)]))


def _given(bind: BindParameter[Any], given: Arguments) -> BindParameter[Any]:
    """The parameter in place of the fragment's."""
    source = source_of(bind)
    if source is None or not isinstance(source.value, Argument):
        return bind
    return bound(source.value.read(given), bind.type, source.convert)


def _key(bind: BindParameter[Any]) -> Hashable:
    """Equal for parameters of equal values and types; a value that cannot be compared so equals no other."""
    value = value_of(bind)
    key = value if isinstance(value, str) else (value.value, value.convert)
    try:
        hash(key)
    except TypeError:
        return object()
    return (key, type_name(bind.type))
