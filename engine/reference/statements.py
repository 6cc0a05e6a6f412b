"""The reference executor's statements: put together once for a field and arguments of one shape.

To put a statement together costs many times what the database takes to run it. So texts, moments, ids and
cursors are parameters here as well, and what a statement is kept by is what decides its SQL: enums, numbers,
booleans and what was left out.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    Select,
    bindparam,
    column,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.types import TypeEngine

from engine.base.client_values import Source, source_of
from engine.base.elements import elements_of
from engine.declare.declarations import Entity, SqlField
from engine.declare.far import FAR_PARENT, ITEM, ROW, TREE, tree_value
from engine.declare.field_cache import FieldCache

_MOST = 32_000_000
"""Bytes of the statements that are kept, with what SQLAlchemy has compiled of them."""
_BYTES_OF_AN_ELEMENT = 1_200
"""Measured by `tracemalloc`."""
_ONE = literal_column("1", BigInteger)

Arguments = Mapping[str, Any]
Identity = tuple[Any, ...]


@dataclass(frozen=True)
class Statement:
    """A statement, and where the values of its parameters come from."""

    select: Select[Any]
    sources: Mapping[str, Source]
    size: int
    """Bytes of memory, about."""

    def binds(self, given: Arguments, keys: Sequence[Identity]) -> dict[str, Any]:
        """The values for these arguments and parents."""
        columns = {_key_name(index): list(values) for index, values in enumerate(zip(*keys, strict=True))}
        return {**columns, **{name: source.read(given) for name, source in self.sources.items()}}


def statement(
    field: SqlField, shape: Hashable, given: Arguments, build: Callable[[dict[str, Any]], Select[Any]]
) -> Statement:
    """The field's statement for arguments of this shape. `build` is handed the arguments with variables for
    what is bound."""
    return _statements.get(field, shape, given, lambda arguments: built(build(arguments)))


_statements: FieldCache[Statement] = FieldCache(_MOST)


def built(made: Select[Any]) -> Statement:
    """The statement with the parameters that clients' values go into."""
    elements = list(elements_of(made))
    parameters = [element for element in elements if isinstance(element, BindParameter)]
    sources = {str(parameter.key): source_of(parameter) for parameter in parameters}
    return Statement(
        made,
        {name: source for name, source in sources.items() if source is not None},
        _BYTES_OF_AN_ELEMENT * len(elements),
    )


Parents = tuple[ColumnElement[int], FromClause, FromClause]
"""The parents' numbers from 1, their rows as a resolver takes them, and the FROM that has both."""


def parents(entity: Entity | None) -> Parents:
    """The rows of an entity, which are found by their identities; None: the root."""
    if entity is None:
        root = select(_ONE.label("number__")).subquery("root")
        return root.c.number__, root, root
    if entity.table is None:
        carried = keyed(entity.carries)
        return carried.c.number__, carried, carried
    table = entity.table.alias()
    given = entity.key[1:] if entity.far else entity.key
    wanted = keyed({name: table.c[name].type for name in given} | dict(entity.carries))
    found = [table.c[name] == wanted.c[name] for name in given]
    columns: list[ColumnElement[Any]] = list(table.c)
    if entity.far:
        found.append(table.c[TREE] == tree_value())
        # What hangs on these rows is of the tree that PostgreSQL knows, not of one that it finds in them.
        columns = [tree_value().label(TREE), *(each for each in columns if each.key != TREE)]
    carried_columns = [wanted.c[name] for name in entity.carries]
    rows = select(*columns, *carried_columns).where(*found).correlate(wanted).lateral()
    return wanted.c.number__, rows, wanted.join(rows, true())


def far_parents() -> Parents:
    """What a far field's resolver takes: parents of one tree, which are found by their ids."""
    wanted = keyed({ROW: FAR_PARENT[ROW], ITEM: FAR_PARENT[ITEM]})
    named = select(wanted.c.number__, wanted.c[ROW], wanted.c[ITEM], tree_value().label(TREE))
    rows = named.subquery("far_parents")
    return rows.c.number__, rows, rows


def keyed(types: Mapping[str, TypeEngine[Any]]) -> FromClause:
    """The parents' keys as rows, with their numbers from 1."""
    arrays = [
        bindparam(_key_name(index), type_=ARRAY(type_), required=True)
        for index, type_ in enumerate(types.values())
    ]
    columns = [column(name, type_) for name, type_ in types.items()]
    table = func.unnest(*arrays).table_valued(*columns, with_ordinality="number__", name="wanted")
    return table.render_derived(name="wanted")


def _key_name(index: int) -> str:
    return f"keys_{index}"
