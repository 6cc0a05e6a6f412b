"""Objects by their global ids, as SQL."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import FromClause, Integer, Select
from sqlalchemy.dialects.postgresql import array

from engine.base.client_values import NotCompilableError, Variable
from engine.compiled.connections import aggregated
from engine.compiled.fragment_cache import Place
from engine.compiled.fragment_writer import written
from engine.compiled.fragments import Arguments
from engine.compiled.json_sql import NULL, Part, Sql, listed
from engine.compiled.row_scope import Rows, RowScope, source_of
from engine.declare.arguments import prefix_of, resolver_values
from engine.declare.declarations import LookUp
from engine.declare.paging import MOST_IDS

_NUMBER = "number__"
_ITEM = "item__"

Item = Callable[[RowScope, LookUp], str]
"""Writes an object of the look-up's type, read from the scope's rows."""


class CompiledLookUps:
    """One field that finds objects of any type by their ids. `found_by`: how those of a prefix are found."""

    def __init__(self, place: Place, scope: RowScope, found_by: Mapping[str, LookUp], item: Item) -> None:
        self._place = place
        self._scope = scope
        self._found_by = found_by
        self._item = item

    def one(self, id_: str | Variable) -> Sequence[Part]:
        """The object with the id, or null."""
        found = self._found_by.get(_prefix(id_))
        if found is None:
            return ["null"]

        def build(_: FromClause | None, given: Arguments) -> Select[Any]:
            statement: Select[Any] = found.read(None, **resolver_values(found.read, given))
            return statement

        rows = self._place.rows(found, build)
        scope = self._scope.below(source_of(self._place.statement, rows))
        text = self._scope.rows.once(scope.gather(self._item(scope, found)))
        return [Sql(f"coalesce({text}, {NULL})")]

    def all(self, ids: Sequence[str | Variable]) -> Sequence[Part]:
        """The objects with the ids, in their order, null for what is not found."""
        if len(ids) > MOST_IDS:
            raise NotCompilableError  # the reference executor says so
        arms = [
            self._arm(look_up, [(n, id_) for n, id_ in enumerate(ids) if _prefix(id_) == prefix])
            for prefix, look_up in self._found_by.items()
            if any(_prefix(id_) == prefix for id_ in ids)
        ]
        if not arms:
            return ["[", *listed([["null"]] * len(ids)), "]"]
        item = aggregated(f"coalesce(i.{_ITEM}, {NULL})", [f"n.{_NUMBER}"])
        found = (
            f"(SELECT {item} FROM generate_series(0, {len(ids) - 1}) AS n({_NUMBER}) "
            f"LEFT JOIN ({' UNION ALL '.join(arms)}) AS i ON i.{_NUMBER} = n.{_NUMBER})"
        )
        return ["[", Sql(found), "]"]

    def _arm(self, look_up: LookUp, ids: list[tuple[int, str | Variable]]) -> str:
        """Rows of an id's number and the object, for the ids of one kind."""
        statement = self._place.statement
        values = [resolver_values(look_up.read, {"id": id_})["id"] for _, id_ in ids]
        wanted = Rows("w", self._scope.rows.depth, lambda _: "", self._scope.rows.shared)

        def build(rows: FromClause | None, _: Arguments) -> Select[Any]:
            if rows is None:
                raise NotCompilableError
            found: Select[Any] = look_up.read(rows, id=rows.c.id)
            return found.correlate(rows)

        columns = {"id": values[0].type, _NUMBER: Integer()}
        place = Place(self._place.field, statement, wanted, columns, {})
        texts = statement.text(statement.use(written(array(values), None), None, {}))
        numbers = ", ".join(str(number) for number, _ in ids)
        beside = f"unnest({texts}, ARRAY[{numbers}]) AS w(id, {_NUMBER})"
        scope = self._scope.below(source_of(statement, place.rows(look_up, build)), beside)
        item = self._item(scope, look_up)
        return scope.each(f"w.{_NUMBER}", f"{item} AS {_ITEM}")


def _prefix(id_: str | Variable) -> str:
    return id_.prefix if isinstance(id_, Variable) else prefix_of(id_)
