"""Statements that are built for each call, sent by asyncpg itself.

SQLAlchemy writes a statement's text once for all that are built alike; what its execution does beyond that
takes most of its time. `tests/engine/test_sqlalchemy_internals.py` holds what this leans on in SQLAlchemy.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast
from weakref import WeakKeyDictionary

from sqlalchemy import ClauseElement, ColumnDefault, Executable
from sqlalchemy.engine import Dialect, IteratorResult
from sqlalchemy.engine.interfaces import CompiledCacheType
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.sql.compiler import SQLCompiler

from engine.database.write_connection import FixedRow

_Reader = Callable[[Any], Any]


class BuiltResult(IteratorResult[*tuple[Any, ...]]):
    """SQLAlchemy's result. `rowcount`: how many rows the statement returned or changed."""

    rowcount: int


@dataclass(frozen=True)
class Columns:
    """Of a statement's rows: their names, and what makes a value of what asyncpg reads; None: nothing."""

    names: Sequence[str]
    readers: Sequence[_Reader | None]

    def result(self, rows: Sequence[FixedRow], rowcount: int) -> BuiltResult:
        """The rows as SQLAlchemy's result."""
        if any(self.readers):
            read: Sequence[Sequence[Any]] = [
                [
                    value if reader is None else reader(value)
                    for reader, value in zip(self.readers, row, strict=True)
                ]
                for row in rows
            ]
        else:
            read = [tuple(row) for row in rows]
        found = BuiltResult(SimpleResultMetaData(self.names), iter(read))
        found.rowcount = rowcount
        return found


class Built(NamedTuple):
    """A statement with `$n`, and its values in asyncpg's types. `columns` empty: it returns no rows."""

    sql: str
    values: Sequence[Any]
    columns: Columns


@dataclass(frozen=True)
class _Row:
    """What SQLAlchemy passes to a column's default: it reads the row's other values from it."""

    values: Mapping[str, Any]

    def get_current_parameters(self) -> Mapping[str, Any]:
        return self.values


class Builder:
    """Writes statements for a dialect. `cache`: the engine's own, of what was written before."""

    def __init__(self, dialect: Dialect, cache: CompiledCacheType | None) -> None:
        self._dialect = dialect
        self._cache = cache
        self._columns: WeakKeyDictionary[SQLCompiler, Columns] = WeakKeyDictionary()

    def build(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Built:
        """The statement's text and values, with the defaults of an INSERT's columns."""
        compiled, extracted, collected, _ = cast("ClauseElement", statement)._compile_w_cache(
            self._dialect, compiled_cache=self._cache, column_keys=sorted(parameters or ())
        )
        if not isinstance(compiled, SQLCompiler) or compiled.update_prefetch:
            raise TypeError("no column of ours has a value that SQLAlchemy makes for an UPDATE")
        values = compiled.construct_params(
            parameters, extracted_parameters=extracted, escape_names=False, _collected_params=collected
        )
        for column in compiled.insert_prefetch:
            values[column.key] = cast("ColumnDefault", column.default).arg(_Row(values))
        sql, order = compiled.string, list(compiled.positiontup or ())
        processors: dict[str, Any] = dict(compiled._bind_processors)
        if compiled.literal_execute_params or compiled.post_compile_params:
            expanded = compiled._process_parameters_for_postcompile(values)
            sql, order = expanded.statement, list(expanded.positiontup or ())
            processors.update(expanded.processors)
            values = dict(expanded.parameters)
        sent = [processors[name](values[name]) if name in processors else values[name] for name in order]
        return Built(sql, sent, self._columns_of(compiled))

    def _columns_of(self, compiled: SQLCompiler) -> Columns:
        found = self._columns.get(compiled)
        if found is None:
            entries = compiled._result_columns
            readers = [entry.type._cached_result_processor(self._dialect, None) for entry in entries]
            found = self._columns[compiled] = Columns([entry.keyname for entry in entries], readers)
        return found
