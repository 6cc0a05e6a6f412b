"""Reads large lists of inputs column by column (`engine.declare.large_lists`).

What is not of the usual form, such as an id that is a number, is read by graphql-core item by item. So an
item means the same in a large list as anywhere else, and its errors are the same.
"""

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableDefinitionNode,
    get_named_type,
    is_input_type,
    is_required_input_field,
    type_from_ast,
)
from graphql.pyutils import Undefined, print_path_list
from graphql.utilities import coerce_input_value, validate_input_value

from engine.base.moments import finite
from engine.declare.large_lists import LargeList, ReadItems, large_list_of
from engine.limits.string_checks import are_plain, read_item_texts

_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-5][0-9])"
)
_TEXTS = {"String", "ID"}


@dataclass(frozen=True)
class _Column:
    """A field of the items. `enum`: its values by their names; None for what is no enum."""

    name: str
    python_name: str
    is_required: bool
    is_moment: bool
    enum: Mapping[str, Any] | None

    def read(self, given: Sequence[Any], misfits: set[int]) -> list[Any]:
        """The values. The places of those that are to be read one by one are added to `misfits`."""
        allowed = {str} if self.is_required else {str, type(None)}
        if not set(map(type, given)) <= allowed:
            misfits.update(index for index, value in enumerate(given) if type(value) not in allowed)
            given = [value if type(value) in allowed else None for value in given]
        if self.is_moment:
            return [
                self._moment(value, index, misfits) if value else value for index, value in enumerate(given)
            ]
        if self.enum is None:
            return list(given)
        found = list(map(self.enum.get, given))
        if None in found:
            misfits.update(
                index
                for index, (value, read) in enumerate(zip(given, found, strict=True))
                if read is None and value is not None
            )
        return found

    @staticmethod
    def _moment(text: str, index: int, misfits: set[int]) -> datetime.datetime | None:
        if _MOMENT.fullmatch(text):
            try:
                return finite(datetime.datetime.fromisoformat(text))
            except ValueError:
                pass
        misfits.add(index)
        return None


@dataclass(frozen=True)
class _Items:
    """How items of one type are read."""

    type_: GraphQLInputObjectType
    item: type

    @cached_property
    def columns(self) -> list[_Column]:
        found = []
        for name, declared in self.type_.fields.items():
            leaf = get_named_type(declared.type)
            is_enum = isinstance(leaf, GraphQLEnumType)
            if not is_enum and leaf.name not in _TEXTS and leaf.name != "DateTime":
                raise TypeError(f"{self.type_.name}.{name} cannot be in a large list")
            python_name = declared.extensions["strawberry-definition"].python_name
            values = {value: leaf.coerce_input_value(value) for value in leaf.values} if is_enum else None
            required = is_required_input_field(declared)
            found.append(_Column(name, python_name, required, leaf.name == "DateTime", values))
        return found


@dataclass
class TakenList:
    """A list that was taken out of the variables. `path`: where it stood."""

    path: tuple[str, ...]
    given: list[Any]
    items: _Items
    node: VariableDefinitionNode
    read_items: ReadItems[Any] = field(default_factory=ReadItems)

    def read(self, most_errors: int) -> list[GraphQLError]:
        """Read the items, and return what is wrong with them. Thousands take their time: not to be called in
        the event loop. Raises BAD_USER_INPUT for texts that nothing takes."""
        given = self.given
        misfits = {index for index, each in enumerate(given) if type(each) is not dict}
        rows = [{} if index in misfits else each for index, each in enumerate(given)] if misfits else given
        names = {column.name for column in self.items.columns}
        if not set().union(*rows) <= names:
            misfits.update(index for index, each in enumerate(rows) if not each.keys() <= names)
        texts = {column.name: [each.get(column.name) for each in rows] for column in self.items.columns}
        plain = (value for value in chain.from_iterable(texts.values()) if type(value) is str)
        if misfits or not are_plain(plain):
            read_item_texts(self.path, given)
            texts = {column.name: [each.get(column.name) for each in rows] for column in self.items.columns}
        columns = {each.python_name: each.read(texts[each.name], misfits) for each in self.items.columns}
        errors = self._read_singly(sorted(misfits), columns, most_errors)
        if not errors:
            build = self.items.item
            keywords = list(columns)
            rows_of_values = zip(*columns.values(), strict=True)
            self.read_items.extend(
                build(**dict(zip(keywords, values, strict=True))) for values in rows_of_values
            )
        return errors

    def put_into(self, coerced: dict[str, Any]) -> None:
        """Put the read items where the list stood."""
        holder = coerced
        for name in self.path[:-1]:
            holder = holder[name]
        holder[self.path[-1]] = self.read_items

    def _read_singly(
        self, indices: Sequence[int], columns: Mapping[str, list[Any]], most_errors: int
    ) -> list[GraphQLError]:
        errors: list[GraphQLError] = []
        item_type = GraphQLNonNull(self.items.type_)
        for index in indices:
            found = coerce_input_value(self.given[index], item_type)
            if found is not Undefined:
                for each in self.items.columns:
                    columns[each.python_name][index] = found.get(each.name)
                continue
            validate_input_value(self.given[index], item_type, self._telling(index, errors))
            if len(errors) > most_errors:
                message = "Too many errors processing variables, error limit reached. Execution aborted."
                return [*errors[:most_errors], GraphQLError(message)]
        return errors

    def _telling(
        self, index: int, errors: list[GraphQLError]
    ) -> Callable[[GraphQLError, list[str | int]], None]:
        def tell(error: GraphQLError, path: list[str | int]) -> None:
            place = print_path_list([*self.path[1:], index, *path])
            message = f"Variable '${self.path[0]}' has invalid value{place}: {error.message}"
            errors.append(GraphQLError(message, self.node, original_error=error))

        return tell


class LargeLists:
    """Those of a schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._held: dict[str, tuple[LargeList, _Items]] = {}
        self._items: dict[str, _Items] = {}
        for type_ in schema.type_map.values():
            large = large_list_of(type_) if isinstance(type_, GraphQLInputObjectType) else None
            if large is not None and isinstance(type_, GraphQLInputObjectType):
                item = get_named_type(type_.fields[large.field].type)
                if not isinstance(item, GraphQLInputObjectType):
                    raise TypeError(f"{type_.name}.{large.field} is no list of inputs")
                items = _Items(item, large.item)
                self._held[type_.name] = (large, items)
                self._items[item.name] = items

    def take_out(
        self, operation: OperationDefinitionNode, variables: dict[str, Any]
    ) -> tuple[dict[str, Any], list[TakenList]]:
        """An operation's variables with empty lists where such lists stood, and the lists."""
        taken: list[TakenList] = []
        for node in operation.variable_definitions or ():
            type_ = type_from_ast(self._schema, node.type)
            found = self._taken(node, type_, variables) if is_input_type(type_) else None
            if found is not None:
                name, *below = found.path
                left = {**variables[name], below[0]: []} if below else []
                variables = {**variables, name: left}
                taken.append(found)
        return variables, taken

    def _taken(
        self, node: VariableDefinitionNode, type_: GraphQLInputType, variables: Mapping[str, Any]
    ) -> TakenList | None:
        name, type_name = node.variable.name.value, get_named_type(type_).name
        value: object = variables.get(name)
        path: tuple[str, ...] = (name,)
        items = self._items.get(type_name)
        if type_name in self._held and isinstance(value, dict):
            large, items = self._held[type_name]
            value, path = value.get(large.field), (*path, large.field)
        if items is None or not isinstance(value, list):
            return None
        return TakenList(path, value, items, node)
