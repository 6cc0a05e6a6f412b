"""What refusals name is there: a refused field has the arguments that its refusal tells of.

Refusals are raised in code that many fields share. So every answer that a test gets is checked.
"""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    get_nullable_type,
    parse,
    visit,
)

from tests.client.schema import SCHEMA

_NAME = re.compile(r"`([a-z][A-Za-z0-9]*)`")


def check_named(query: str, data: object, errors: Sequence[Mapping[str, Any]]) -> None:
    """Fail where a refusal names an argument that the refused field has not, by its path or in its text."""
    fields = _fields(query)
    for error in errors:
        extensions = error.get("extensions", {})
        key = next((each for each in reversed(error.get("path") or ()) if isinstance(each, str)), None)
        asked = fields.get(key or "", ())
        argument = extensions.get("argument")
        assert not asked or argument is None or any(argument in each.args for each in asked), error
        for name in _NAME.findall(error["message"]) if asked else ():
            assert any(_is_known(name, each) for each in asked), error
    if isinstance(data, dict):
        for key, payload in data.items():
            for field in fields.get(key, ()):
                if SCHEMA.mutation_type is not None and field in SCHEMA.mutation_type.fields.values():
                    _check_payload(field, payload)


def _check_payload(field: GraphQLField, payload: object) -> None:
    for error in _user_errors(payload):
        path = error.get("field")
        assert path is None or _leads(field, path), error
        for name in _NAME.findall(error["message"]):
            assert _is_known(name, field), (error, name)


def _user_errors(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        if {"code", "message"} <= value.keys() and isinstance(value["message"], str):
            yield value
        for each in value.values():
            yield from _user_errors(each)
    elif isinstance(value, list):
        for each in value:
            yield from _user_errors(each)


def _leads(field: GraphQLField, path: Sequence[str]) -> bool:
    """Whether the path leads from the field's arguments to something in them."""
    first, *rest = path
    if first not in field.args:
        return False
    found = get_nullable_type(field.args[first].type)
    for name in rest:
        if isinstance(found, GraphQLList):
            if not name.isdecimal():
                return False
            found = get_nullable_type(found.of_type)
        elif isinstance(found, GraphQLInputObjectType):
            if name not in found.fields:
                return False
            found = get_nullable_type(found.fields[name].type)
        else:
            # What a JSON object holds is not in the schema.
            return str(found) == "JSON"
    return True


def _is_known(name: str, field: GraphQLField) -> bool:
    """Whether clients find something of this name: in the field's arguments, in what it answers, at the root
    or at an account and its settings."""
    return name in _ANYWHERE or name in _names_in(field)


def _names_in(field: GraphQLField) -> frozenset[str]:
    names = set(field.args)
    waiting = [get_named_type(argument.type) for argument in field.args.values()]
    while waiting:
        found = waiting.pop()
        if isinstance(found, GraphQLInputObjectType):
            names |= found.fields.keys()
            waiting += [get_named_type(each.type) for each in found.fields.values()]
    answered = get_named_type(field.type)
    if isinstance(answered, GraphQLObjectType | GraphQLInterfaceType):
        names |= answered.fields.keys()
    return frozenset(names)


def _anywhere() -> frozenset[str]:
    found = (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.type_map["Account"], SCHEMA.type_map["Settings"])
    errors = [
        each
        for each in SCHEMA.type_map.values()
        if isinstance(each, GraphQLObjectType) and any(of.name == "UserError" for of in each.interfaces)
    ]
    types = [each for each in (*found, *errors) if isinstance(each, GraphQLObjectType)]
    return frozenset(name for each in types for name in each.fields)


_ANYWHERE = _anywhere()


class _Fields(Visitor):
    def __init__(self, info: TypeInfo, found: dict[str, list[GraphQLField]]) -> None:
        super().__init__()
        self._info = info
        self._found = found

    def enter_field(self, node: FieldNode, *_: object) -> None:
        field = self._info.get_field_def()
        if field is not None:
            name = node.alias or node.name
            self._found.setdefault(name.value, []).append(field)


@functools.lru_cache(1_000)
def _fields(query: str) -> Mapping[str, Sequence[GraphQLField]]:
    """The fields that a document asks for, by their names in the answer."""
    found: dict[str, list[GraphQLField]] = {}
    try:
        document: DocumentNode = parse(query)
    except GraphQLError:
        return found
    info = TypeInfo(SCHEMA)
    visit(document, TypeInfoVisitor(info, _Fields(info, found)))
    return found
