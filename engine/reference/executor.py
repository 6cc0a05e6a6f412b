"""The reference executor: Strawberry runs each field, batched over the parents' rows.

Every field takes one statement for all of its parents, so that the number of statements follows the query's
shape and never the number of rows.
"""

import asyncio
import functools
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Select,
    func,
    select,
    true,
)
from sqlalchemy.types import TypeEngine
from strawberry.types import Info

from engine.base.field_errors import absent, forbidden
from engine.database.snapshot import Reader
from engine.declare import paging
from engine.declare.arguments import WINDOW, checks_in, hashable, prefix_of, resolver_values, takes_window
from engine.declare.connections import Connection, Edge, PageInfo
from engine.declare.declarations import Entity, FieldKind, LookUp, SqlField, entity_of
from engine.declare.entity_objects import Row, row_object, row_of
from engine.declare.far import LOOKED_UP, TREE, FarParent
from engine.declare.field_types import all_arguments, node_type_of, object_type_of, order_of
from engine.reference.statements import (
    Identity,
    Parents,
    Statement,
    built,
    far_parents,
    keyed,
    parents,
    statement,
)


class ReadContext(ABC):
    """A request's context whose fields this executor answers (see `AnswersFields`)."""

    reader: Reader

    @property
    @abstractmethod
    def anonymous(self) -> bool:
        """Whether nobody is signed in."""

    def answer_field(
        self, field: SqlField, source: Any, info: Info["ReadContext", Any], given: dict[str, Any]
    ) -> Any:
        """The field's value, or an awaitable of it."""
        return _answer(field, source, info, given)


def _answer(field: SqlField, source: Any, info: Info[ReadContext, Any], given: dict[str, Any]) -> Any:
    declaration = field.declaration
    row: Row = {} if source is None else row_of(source)
    if declaration.requires is not None and not declaration.requires.in_row(row):
        raise forbidden(declaration.requires)
    if declaration.kind is FieldKind.COLUMN:
        return _shown(field, row[field.python_name])
    reading = _Reading(field, source, info, given)
    match declaration.kind:
        case FieldKind.COMPUTED:
            return reading.computed()
        case FieldKind.TO_ONE:
            return reading.to_one()
        case FieldKind.TO_MANY:
            return reading.to_many()
        case FieldKind.CONNECTION:
            return reading.connection()
        case FieldKind.LOOK_UP:
            return _look_up(field, info, given["id"])
        case FieldKind.LOOK_UPS:
            return _look_ups(field, info, given["ids"])


class _Reading:
    """One field of one parent, read together with the same field of the other parents."""

    def __init__(
        self, field: SqlField, source: Any, info: Info[ReadContext, Any], given: dict[str, Any]
    ) -> None:
        assert field.declaration.read is not None  # noqa: S101 - only columns have none
        self.field = field
        self.read = field.declaration.read
        self.reader = info.context.reader
        self.anonymous = info.context.anonymous
        self.entity: Entity | None = None if source is None else entity_of(type(source))
        self.source_type = type(source)
        self.far = field.declaration.far is not None or (self.entity is not None and self.entity.far)
        self.key = self._key(source)
        self.given = all_arguments(field, given)
        for each in checks_in(self.read, self.given):
            each.read(self.given)
        self.name: Hashable = (type(source), field.python_name, hashable(self.given))

    def _key(self, source: Any) -> Identity:
        """What finds the parent again. Where its field is far, the tree is first."""
        if self.entity is None:
            return ()
        row = row_of(source)
        far = self.field.declaration.far
        return self.entity.identity(row) if far is None else _far_key(row, far)

    async def computed(self) -> Any:
        return _shown(self.field, await self.reader.load(self.name, self._load_computed, self.key))

    async def _load_computed(self, keys: list[Identity]) -> list[Any]:
        found = await self._rows("value", self._computed_statement, keys)
        by_number = {row["number__"]: row["value__"] for row in found}
        return [by_number.get(index + 1) for index in range(len(keys))]

    def _computed_statement(self, opened: dict[str, Any]) -> Select[Any]:
        number, rows, source = self._parents()
        value = self.read(rows, **resolver_values(self.read, opened)).label("value__")
        return select(number, value).select_from(source)

    async def to_one(self) -> Any:
        items = await self._items()
        if not items and self.field.declaration.absent is not None:
            raise absent("UNAUTHENTICATED" if self.anonymous else self.field.declaration.absent)
        return items[0] if items else None

    async def to_many(self) -> list[Any]:
        return await self._items()

    async def _items(self) -> list[Any]:
        if self.entity is not None and self.entity.table is None and not any(self.key):
            return []  # a payload of a mutation that was refused
        return await self.reader.load(self.name, self._load_items, self.key)

    async def _load_items(self, keys: list[Identity]) -> list[list[Any]]:
        found = await self._rows("items", self._items_statement, keys)
        return _grouped(object_type_of(self.field), found, len(keys))

    def _items_statement(self, opened: dict[str, Any]) -> Select[Any]:
        number, rows, source = self._parents()
        items = self.read(rows, **resolver_values(self.read, opened)).correlate(rows).lateral()
        order = [items.c[name] for name in entity_of(object_type_of(self.field)).key]
        return select(number, *items.c).select_from(source.join(items, true())).order_by(number, *order)

    async def connection(self) -> Connection[Any]:
        window = self._window(self.given)
        rows = await self.reader.load(self.name, self._load_page, self.key)
        count = functools.partial(self.reader.load, (self.name, "count"), self._load_count, self.key)
        return _connection(node_type_of(self.field), rows, window, count)

    def _window(self, given: dict[str, Any]) -> paging.Window:
        order = order_of(self.field, given, set(resolver_values(self.read, given)))
        return paging.window(order, given)

    async def _load_page(self, keys: list[Identity]) -> list[list[Row]]:
        found: list[list[Row]] = [[] for _ in keys]
        for row in await self._rows("page", self._page_statement, keys):
            found[row["number__"] - 1].append(row)
        return found

    def _page_statement(self, opened: dict[str, Any]) -> Select[Any]:
        window, values = self._window(opened), resolver_values(self.read, opened)
        number, rows, source = self._parents()
        shown = {WINDOW: window} if takes_window(self.read) else {}
        page = paging.page_rows(self.read(rows, **values, **shown), window, correlate_to=rows)
        order = window.sorted(window.order.of(page))
        return select(number, *page.c).select_from(source.join(page, true())).order_by(number, *order)

    async def _load_count(self, keys: list[Identity]) -> list[int]:
        found = await self._rows("count", self._count_statement, keys)
        by_number = {row["number__"]: row["count__"] for row in found}
        return [by_number.get(index + 1, 0) for index in range(len(keys))]

    def _count_statement(self, opened: dict[str, Any]) -> Select[Any]:
        number, rows, source = self._parents()
        items = self.read(rows, **resolver_values(self.read, opened)).correlate(rows).subquery()
        counted = select(func.count().label("count__")).select_from(items).correlate(rows).lateral()
        return select(number, counted.c.count__).select_from(source.join(counted, true()))

    async def _rows(
        self, what: str, build: Callable[[dict[str, Any]], Select[Any]], keys: list[Identity]
    ) -> list[dict[str, Any]]:
        made = statement(self.field, (what, self.source_type), self.given, build)
        if not self.far:
            return await self.reader.rows(made.select, made.binds(self.given, keys))
        return await _far_rows(self.reader, made, self.given, keys)

    def _parents(self) -> Parents:
        return far_parents() if self.field.declaration.far else parents(self.entity)


async def _look_up(field: SqlField, info: Info[ReadContext, Any], text: str) -> Any:
    prefix = prefix_of(text)
    found = field.declaration.look_ups().get(prefix)
    if found is None:
        return None
    wanted = resolver_values(found.read, {"id": text})["id"]
    if wanted.value is None:
        return None
    reader = info.context.reader
    load = functools.partial(_load_look_ups, reader, found, wanted.type)
    return await reader.load(("look up", prefix), load, wanted.value)


async def _look_ups(field: SqlField, info: Info[ReadContext, Any], ids: list[str]) -> list[Any]:
    if len(ids) > paging.MOST_IDS:
        raise paging.BadPage(f"At most {paging.MOST_IDS} ids.")
    return list(await asyncio.gather(*[_look_up(field, info, text) for text in ids]))


async def _load_look_ups(
    reader: Reader, found: LookUp, id_type: TypeEngine[Any], ids: list[Any]
) -> list[Any]:
    made = _look_up_statement(found, id_type)
    rows = await reader.rows(made.select, made.binds({}, [(value,) for value in ids]))
    if found.far_read is not None:
        rows = await _load_far(reader, found, rows)
    return [items[0] if items else None for items in _grouped(found.type_, rows, len(ids))]


async def _load_far(reader: Reader, found: LookUp, parents: Sequence[Row]) -> list[dict[str, Any]]:
    """The far rows of parents, with the parents' numbers."""
    keys = [_far_key(row, LOOKED_UP) for row in parents]
    rows = await _far_rows(reader, _far_look_up_statement(found), {}, keys)
    return [row | {"number__": parents[row["number__"] - 1]["number__"]} for row in rows]


@functools.lru_cache(maxsize=64)
def _far_look_up_statement(found: LookUp) -> Statement:
    if found.far_read is None:
        raise TypeError(f"{found.type_.__name__} is not far")
    number, rows, source = far_parents()
    items = found.far_read(rows).correlate(rows).lateral()
    return built(select(number, *items.c).select_from(source.join(items, true())))


@functools.lru_cache(maxsize=64)
def _look_up_statement(found: LookUp, id_type: TypeEngine[Any]) -> Statement:
    wanted = keyed({"id": id_type})
    items = found.read(wanted, id=wanted.c.id).correlate(wanted).lateral()
    return built(select(wanted.c.number__, *items.c).select_from(wanted.join(items, true())))


def _far_key(row: Row, far: FarParent) -> Identity:
    """What a far field's parent is found by. The tree is first."""
    return row[TREE], row[far.row], row[far.item]


async def _far_rows(
    reader: Reader, made: Statement, given: Mapping[str, Any], keys: Sequence[Identity]
) -> list[dict[str, Any]]:
    """The rows of parents of any trees, with the parents' numbers: by a statement for each tree. A parent
    without a tree is a payload that may not show them."""
    found: list[dict[str, Any]] = []
    for tree, places in _by_tree(keys).items():
        if tree is None:
            continue
        binds = made.binds(given, [keys[place][1:] for place in places])
        rows = await reader.far_rows(tree, made.select, binds)
        found += [row | {"number__": places[row["number__"] - 1] + 1} for row in rows]
    return found


def _by_tree(keys: Sequence[Identity]) -> dict[Any, list[int]]:
    """The places of the keys by the tree that each begins with."""
    found: dict[Any, list[int]] = {}
    for place, (tree, *_) in enumerate(keys):
        found.setdefault(tree, []).append(place)
    return found


def _grouped(type_: type, rows: Sequence[Row], parents: int) -> list[list[Any]]:
    grouped: list[list[Any]] = [[] for _ in range(parents)]
    for row in rows:
        grouped[row["number__"] - 1].append(row_object(type_, row))
    return grouped


def _connection(
    type_: type, rows: list[Row], window: paging.Window, count: Callable[[], Awaitable[int]]
) -> Connection[Any]:
    more = len(rows) > window.size
    shown = rows[: window.size]
    if window.backward:
        shown = shown[::-1]
    edges: list[Edge[Any]] = [Edge(cursor=row["cursor__"], node=row_object(type_, row)) for row in shown]
    page_info = PageInfo(
        has_next_page=window.bounded if window.backward else more,
        has_previous_page=more if window.backward else window.bounded,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return Connection(edges=edges, nodes=[edge.node for edge in edges], page_info=page_info, count=count)


def _shown(field: SqlField, value: Any) -> Any:
    codec = field.declaration.codec
    return value if value is None or codec is None else codec.python(value)
