"""SQLAlchemy's internals that the product leans on: a release that changes one of them fails here.

SQLAlchemy does not promise them. The message of a test that fails names the file that needs another way.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import (
    CTE,
    BindParameter,
    Column,
    Integer,
    MetaData,
    Select,
    Table,
    bindparam,
    column,
    insert,
    literal,
    select,
    table,
    union_all,
)
from sqlalchemy.dialects.postgresql.asyncpg import PGCompiler_asyncpg, PGDialect_asyncpg
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.sql import elements
from sqlalchemy.sql.compiler import CompilerState, SQLCompiler
from sqlalchemy.sql.elements import ColumnClause
from sqlalchemy.util.queue import AsyncAdaptedQueue

ROOT = Path(__file__).parents[2]
FOLDERS = ("authz", "engine", "models", "resolvers", "schema", "server")

_ROWS = table("rows", column("id", Integer))


def _compiled(statement: Select[tuple[int]]) -> SQLCompiler:
    found = statement.compile(dialect=PGDialect_asyncpg())  # type: ignore[no-untyped-call]
    assert isinstance(found, SQLCompiler)
    return found


def _names_are_given_late() -> bool:
    """An alias without a name has one that the compiler writes out, by `_truncated_identifier`."""
    name = _ROWS.alias().name
    return isinstance(name, elements._truncated_label) and callable(PGCompiler_asyncpg._truncated_identifier)


def _an_alias_of_a_cte_knows_it() -> bool:
    cte = select(_ROWS.c.id).cte("named")
    return cte._cte_alias is None and cte.alias("other")._cte_alias is cte and isinstance(cte.alias(), CTE)


class _Columns(PGCompiler_asyncpg):
    """Writes a sign for the columns of a sub-select."""

    def _compose_select_body(
        self, text: str, select: Select[Any], state: Any, columns: list[str], *rest: Any
    ) -> str:
        told = ["columns"] if select._order_by_clauses and not select._distinct else columns
        return str(super()._compose_select_body(text, select, state, told, *rest))  # type: ignore[no-untyped-call]


def _a_select_is_written_around_its_columns() -> bool:
    class Dialect(PGDialect_asyncpg):
        statement_compiler = _Columns

    inner = select(_ROWS.c.id).order_by(_ROWS.c.id).subquery("inner_rows")
    written = str(select(inner.c.id).compile(dialect=Dialect()))  # type: ignore[no-untyped-call]
    return "(SELECT columns \nFROM rows ORDER BY rows.id) AS inner_rows" in written


def _a_select_tells_whether_it_is_distinct() -> bool:
    plain = select(_ROWS.c.id)
    return not plain._distinct and bool(plain.distinct()._distinct)


def _columns_are_made_anew_in_aliases() -> bool:
    asked: list[str] = []

    class Lighter(Column[int]):
        inherit_cache = True

        def _make_proxy(self, *arguments: object, **keywords: object) -> tuple[str, ColumnClause[int]]:
            asked.append(self.name)
            key, proxy = ColumnClause(self.name, self.type)._make_proxy(*arguments, **keywords)  # type: ignore[arg-type]
            proxy._proxies = [self]
            return key, proxy

    alias = Table("lighter", MetaData(), Lighter("id", Integer)).alias()
    return alias.c.id.name == "id" and asked == ["id"]


def _a_copy_keeps_what_was_set() -> bool:
    """`ClientValue.source` and an arm's execution option survive what SQLAlchemy makes of them."""

    class Marked(BindParameter[int]):
        inherit_cache = True
        mark = ""

    marked = Marked("name", type_=Integer(), required=True)
    marked.mark = "kept"
    arm = select(_ROWS.c.id).where(_ROWS.c.id == marked).execution_options(mark="kept")
    copied = union_all(arm, arm).alias()._annotate({"copied": True}).element
    (found,) = {
        element.mark for element in sqlalchemy.sql.visitors.iterate(copied) if isinstance(element, Marked)
    }
    return found == "kept" and all(
        each.get_execution_options().get("mark") == "kept"
        for each in union_all(arm, arm).selects
        if isinstance(each, Select)
    )


def _a_compiler_can_be_begun_by_hand() -> bool:
    writer = PGCompiler_asyncpg(PGDialect_asyncpg(), None)  # type: ignore[no-untyped-call]
    writer.state = CompilerState.COMPILING
    outer = {_ROWS}
    writer.stack.append({"correlate_froms": outer, "asfrom_froms": outer, "selectable": Select()})  # type: ignore[typeddict-item]
    other = table("other", column("id", Integer))
    inner = select(other.c.id).where(other.c.id == _ROWS.c.id, other.c.id > literal(1)).correlate(_ROWS)
    text = writer.process(inner, asfrom=True, lateral=True)
    return "FROM other \n" in text and "%(param_1)s" in text and len(writer.bind_names) == 1


def _a_compiler_tells_the_order_of_its_binds() -> bool:
    statement = select(_ROWS.c.id).where(_ROWS.c.id.between(bindparam("low"), bindparam("high")))
    compiled = _compiled(statement)
    return compiled.positiontup == ["low", "high"] and set(compiled.binds) == {"low", "high"}


def _an_element_of_ones_own_is_visited() -> bool:
    """By `visit_` and its name, with the hooks that we override taking any further arguments."""
    hooks = ("visit_bindparam", "visit_compound_select", "visit_cte", "render_literal_bindparam")
    return all(hasattr(PGCompiler_asyncpg, hook) for hook in hooks)


def _a_built_statement_is_written_once() -> bool:
    """By the cache, with the values of each call, and those of a list that is as long as it is."""
    dialect, cache = PGDialect_asyncpg(), {}  # type: ignore[no-untyped-call, var-annotated]
    texts, sent = set(), []
    for low, ids in ((1, [2, 3]), (4, [5, 6])):
        statement = select(_ROWS.c.id).where(_ROWS.c.id > low, _ROWS.c.id.in_(ids))
        compiled, extracted, collected, _ = statement._compile_w_cache(
            dialect, compiled_cache=cache, column_keys=[]
        )
        assert isinstance(compiled, SQLCompiler)
        values = compiled.construct_params(
            extracted_parameters=extracted, escape_names=False, _collected_params=collected
        )
        expanded = compiled._process_parameters_for_postcompile(values)
        texts.add(expanded.statement)
        sent.append([expanded.parameters[name] for name in expanded.positiontup or ()])
        columns = [(entry.keyname, entry.type) for entry in compiled._result_columns]
        assert columns[0][0] == "id"
        assert columns[0][1]._cached_result_processor(dialect, None) is None
        assert not compiled._bind_processors
    return len(texts) == 1 and len(cache) == 1 and sent == [[1, 2, 3], [4, 5, 6]]


def _an_insert_tells_which_columns_have_defaults() -> bool:
    made = Column("made", Integer, default=lambda context: context.get_current_parameters()["id"])
    compiled = insert(Table("rows", MetaData(), Column("id", Integer), made)).compile(
        dialect=PGDialect_asyncpg(),  # type: ignore[no-untyped-call]
        column_keys=["id"],
    )
    return isinstance(compiled, SQLCompiler) and [column.key for column in compiled.insert_prefetch] == [
        "made"
    ]


def _a_pool_makes_its_queue() -> bool:
    return hasattr(AsyncAdaptedQueuePool, "_queue_class") and hasattr(AsyncAdaptedQueue, "_queue")


@dataclass(frozen=True)
class Internal:
    """What is used, where and why, and whether it still is as it was."""

    names: tuple[str, ...]
    used_in: str
    why: str
    holds: Callable[[], bool]


INTERNALS = [
    Internal(
        ("_truncated_label", "_truncated_identifier"),
        "engine/compiled/fragment_writer.py",
        "a fragment's own names are short",
        _names_are_given_late,
    ),
    Internal(
        ("_cte_alias",),
        "engine/compiled/fragment_writer.py",
        "a fragment's CTEs are written by the statement that it is put into",
        _an_alias_of_a_cte_knows_it,
    ),
    Internal(
        ("_compose_select_body", "_order_by_clauses"),
        "engine/compiled/fragment_writer.py",
        "a sub-select shows the columns alone that a use asks for",
        _a_select_is_written_around_its_columns,
    ),
    Internal(
        ("_distinct",),
        "engine/compiled/fragment_writer.py",
        "a column without which other rows would be equal is not left out",
        _a_select_tells_whether_it_is_distinct,
    ),
    Internal(
        ("_make_proxy", "_proxies"),
        "models/base/columns.py",
        "columns of aliases are names and types alone, which halves what a statement takes to be built",
        _columns_are_made_anew_in_aliases,
    ),
    Internal(
        (), "engine/base/client_values.py", "a client's value is known in copies", _a_copy_keeps_what_was_set
    ),
    Internal(
        (
            "_compile_w_cache",
            "_collected_params",
            "_process_parameters_for_postcompile",
            "_result_columns",
            "_bind_processors",
            "_cached_result_processor",
            "_compiled_cache",
        ),
        "engine/writes/built_statements.py",
        "asyncpg sends what SQLAlchemy has written, which takes a fraction of its own execution",
        _a_built_statement_is_written_once,
    ),
    Internal(
        (),
        "engine/writes/built_statements.py",
        "the forms of a text are made as a row is inserted",
        _an_insert_tells_which_columns_have_defaults,
    ),
    Internal(
        (),
        "engine/compiled/fragment_writer.py",
        "fragments are written once",
        _a_compiler_can_be_begun_by_hand,
    ),
    Internal(
        (),
        "engine/compiled/sql_text.py",
        "values are sent in order",
        _a_compiler_tells_the_order_of_its_binds,
    ),
    Internal(
        (), "engine/compiled/sql_text.py", "our elements are written", _an_element_of_ones_own_is_visited
    ),
    Internal(
        ("_queue_class", "_queue"),
        "engine/database/fair_pool.py",
        "whoever waits longest for a connection gets it",
        _a_pool_makes_its_queue,
    ),
]

OF_OTHER_LIBRARIES = {
    "_mapping": "SQLAlchemy's, documented",
    "_raw_info": "Strawberry's",
    "_lexer": "graphql-core's",
    "_unset_keepalive_if_required": "uvicorn's",
    "_should_upgrade": "uvicorn's",
}
"""Names with an underscore that are used as well, and are no internals of SQLAlchemy."""


@pytest.mark.parametrize("internal", INTERNALS, ids=lambda internal: internal.holds.__name__.strip("_"))
def test_an_internal_is_as_it_was(internal: Internal) -> None:
    changed = (
        f"SQLAlchemy {sqlalchemy.__version__} changed {', '.join(internal.names) or internal.holds.__name__}"
    )
    message = f"{changed}, which {internal.used_in} uses so that {internal.why}"
    try:
        holds = internal.holds()
    except Exception as error:
        raise AssertionError(message) from error
    assert holds, message


def test_every_internal_that_is_used_is_listed() -> None:
    listed = {name for internal in INTERNALS for name in internal.names} | OF_OTHER_LIBRARIES.keys()
    assert set(_used()) <= listed


def _used() -> Iterator[str]:
    """Names with an underscore that are read of something, or imported, and defined nowhere here."""
    modules = [
        ast.parse(path.read_text("utf-8")) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")
    ]
    nodes = [node for module in modules for node in ast.walk(module)]
    ours = set(_defined(nodes))
    for node in nodes:
        match node:
            case ast.Attribute(attr=name) if _is_internal(name) and name not in ours:
                yield name
            case ast.ImportFrom(module=str(module), names=names) if module.split(".")[0] not in FOLDERS:
                yield from (alias.name for alias in names if _is_internal(alias.name))


def _defined(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name


def _is_internal(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")
