"""Declaring Strawberry types whose fields are SQL.

    @entity(tables.accounts, carries={"mask": BigInteger()}, requires=Permission.ACCOUNT_READ)
    class Account:
        name: str = column()
        parent: Account | None = to_one(accounts.parent_of)
        members: Connection[Member] | None = connection(members.of_account, ..., requires=...)

A read resolver takes the parent's rows (a FROM element) and the field's arguments and returns SQL: a Select
for objects and lists, a column expression for a leaf. It is written once, for every executor.
"""

import enum
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeVar, dataclass_transform

import strawberry
from sqlalchemy import ColumnElement, FromClause, Select
from sqlalchemy.types import TypeEngine
from strawberry.types import Info
from strawberry.types.field import StrawberryField

from engine.base.marks import Public, Requirement, Requires
from engine.declare import arguments
from engine.declare.codecs import Codec
from engine.declare.far import FarParent
from engine.declare.paging import Order

P = ParamSpec("P")
T = TypeVar("T")

Read = Callable[..., Any]
OrderOf = Callable[..., Order]

SELDOM_MORE = 100
"""What a list without pages counts as where nothing bounds it, and it seldom has more."""


class FieldKind(enum.Enum):
    """What a field's resolver returns."""

    COLUMN = "the column of the same name"
    COMPUTED = "a column expression"
    TO_ONE = "a Select of at most one row a parent"
    TO_MANY = "a Select of a few rows a parent, in the order of the type's key"
    CONNECTION = "a Select of many rows a parent, paged"
    LOOK_UP = "an object of any type, by its global id"
    LOOK_UPS = "objects of any type, by their global ids"


@dataclass(frozen=True)
class Entity:
    """Where a type's rows lie: the table, the columns that find a row again, what a row carries besides.

    A payload has no table: what it carries is all there is of its row.
    """

    table: FromClause | None
    key: tuple[str, ...]
    carries: Mapping[str, TypeEngine[Any]]
    far: bool = False
    """Whether the table is far (see `engine.declare.far`). Then the key begins with the tree."""

    def identity(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values that a statement needs to find the row again."""
        return tuple(row[name] for name in (*self.key, *self.carries))


@dataclass(frozen=True)
class LookUp:
    """How a global id of one prefix is found: the type, and the resolver that takes the id.

    `far_read`: of a far type, the resolver of its rows. `read` then gives what it takes as its parents, with
    the column `engine.declare.far.ITEM`."""

    type_: type
    read: Read
    far_read: Read | None = None


@dataclass(frozen=True)
class Declaration:
    """What a field means."""

    kind: FieldKind
    read: Read | None = None
    requires: Requirement | None = None
    codec: Codec | None = None
    order: Order | OrderOf | None = None
    absent: str | None = None
    far: FarParent | None = None
    """What names the parent, if its rows are far (see `engine.declare.far`)."""
    most: int = 1
    """How many objects the field has at most, where it is a list without pages."""
    look_ups: Callable[[], Mapping[str, LookUp]] = field(default=dict)


class AnswersFields(Protocol):
    """A request's context, which knows the executor."""

    def answer_field(
        self, field: "SqlField", source: Any, info: Info[Any, Any], given: dict[str, Any]
    ) -> Any:
        """The field's value, or an awaitable of it. `source`: the object that it is a field of."""


class SqlField(StrawberryField):
    """A Strawberry field that SQL answers, through the executor of the request's context."""

    declaration: Declaration

    def __init__(self, declaration: Declaration | None = None, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.init = self.repr = self.compare = False
        if declaration is not None:
            self.declaration = declaration
            self._declare(declaration)

    def _declare(self, declaration: Declaration) -> None:
        if declaration.requires is not None:
            self.directives = [*self.directives, Requires(permission=declaration.requires.name)]
        if declaration.read is None:
            return
        paged = arguments.paging() if declaration.kind is FieldKind.CONNECTION else ()
        self.arguments = [*arguments.declared(declaration.read), *paged]
        if self.description is None:
            self.description = inspect.getdoc(declaration.read)

    def __copy__(self) -> Self:
        copied = super().__copy__()
        copied.declaration = self.declaration
        copied.init = False
        return copied

    @property
    def is_basic_field(self) -> bool:
        return False

    @property
    def is_async(self) -> bool:  # a cached property there, a plain one here
        return self.declaration.kind is not FieldKind.COLUMN

    def get_result(
        self, source: Any, info: Info[Any, Any] | None, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        if info is None:
            raise AssertionError("only basic fields are answered without the request")
        context: AnswersFields = info.context
        return context.answer_field(self, source, info, kwargs)


def column(*, codec: Codec | None = None, requires: Requirement | None = None, **keywords: Any) -> Any:
    """The column of the same name of the type's rows."""
    return SqlField(Declaration(FieldKind.COLUMN, codec=codec, requires=requires), **keywords)


def computed(
    read: Callable[Concatenate[Any, P], ColumnElement[Any]],
    *,
    codec: Codec | None = None,
    requires: Requirement | None = None,
    **keywords: Any,
) -> Any:
    """An expression over the parent's row."""
    return SqlField(Declaration(FieldKind.COMPUTED, read, requires, codec), **keywords)


def to_one(
    read: Callable[Concatenate[Any, P], Select[Any]],
    *,
    requires: Requirement | None = None,
    absent: str | None = None,
    far: FarParent | None = None,
    **keywords: Any,
) -> Any:
    """At most one object. With `absent`, its absence is an error beside the null: a reason that
    `engine.base.field_errors.absent` knows. `far`: as in `connection`."""
    return SqlField(Declaration(FieldKind.TO_ONE, read, requires, absent=absent, far=far), **keywords)


def to_many(
    read: Callable[Concatenate[Any, P], Select[Any]],
    *,
    most: int,
    requires: Requirement | None = None,
    far: FarParent | None = None,
    **keywords: Any,
) -> Any:
    """A list that is short by its nature. `most`: how many objects it has at most, which the cost of an
    operation counts; `SELDOM_MORE` where nothing bounds it. `far`: as in `connection`."""
    return SqlField(Declaration(FieldKind.TO_MANY, read, requires, far=far, most=most), **keywords)


def connection(
    read: Callable[Concatenate[Any, P], Select[Any]],
    *,
    order: Order | OrderOf,
    requires: Requirement | None = None,
    far: FarParent | None = None,
    **keywords: Any,
) -> Any:
    """A paged list. An `order` that depends on the resolver's arguments is a function of them. `far`: what
    names the parent, if the list's rows are in tables that no statement may name beside ours; see
    `engine.declare.far`."""
    return SqlField(Declaration(FieldKind.CONNECTION, read, requires, order=order, far=far), **keywords)


def look_up(read: Read, found_by: Callable[[], Mapping[str, LookUp]], **keywords: Any) -> Any:
    """An object of any type by its global id, or null. `read` only declares the arguments."""
    return SqlField(Declaration(FieldKind.LOOK_UP, read, look_ups=found_by), **keywords)


def look_ups(read: Read, found_by: Callable[[], Mapping[str, LookUp]], **keywords: Any) -> Any:
    """Objects by their global ids, in their order, null for what is not found."""
    return SqlField(Declaration(FieldKind.LOOK_UPS, read, look_ups=found_by), **keywords)


@dataclass_transform(
    kw_only_default=True, field_specifiers=(column, computed, to_one, to_many, connection, look_up, look_ups)
)
def entity(
    table: FromClause | None,
    *,
    key: tuple[str, ...] = ("id",),
    carries: Mapping[str, TypeEngine[Any]] | None = None,
    requires: Requirement | None = None,
    name: str | None = None,
    far: bool = False,
) -> Callable[[type[T]], type[T]]:
    """A Strawberry type whose objects are rows.

    `requires` says which permission every way to such an object asks for; without it the type is public.
    `far`: the table is one that no statement may name beside ours; see `engine.declare.far`.
    """

    def decorate(cls: type[T]) -> type[T]:
        mark = Public() if requires is None else Requires(permission=requires.name)
        made = strawberry.type(cls, name=name, description=inspect.getdoc(cls), directives=[mark])
        found = Entity(table, key if table is not None else (), carries or {}, far)
        made.__entity__ = found  # type: ignore[attr-defined]  # read back by `entity_of`
        return made

    return decorate


def entity_of(cls: type) -> Entity:
    """The entity that a type was declared with."""
    found = getattr(cls, "__entity__", None)
    if not isinstance(found, Entity):
        raise TypeError(f"{cls.__name__} is not declared with @entity")
    return found


def columns_of(cls: type) -> Mapping[str, TypeEngine[Any]]:
    """What resolvers may read of the rows of a type's objects."""
    found = entity_of(cls)
    columns = {} if found.table is None else {str(column.key): column.type for column in found.table.c}
    return columns | dict(found.carries)
