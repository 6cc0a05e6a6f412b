"""The schema as a whole: its snapshot and its documentation."""

import ast
import dataclasses
import importlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from graphql import (
    ConstDirectiveNode,
    GraphQLEnumType,
    GraphQLNamedType,
    GraphQLObjectType,
    ObjectTypeDefinitionNode,
    get_named_type,
    is_specified_scalar_type,
    parse,
    print_ast,
)

from authz.policy.permissions import Permission
from schema.areas import AREAS
from schema.fields.marks import OPEN
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload
from schema.root import build_schema
from tests.client.schema import SCHEMA
from tests.world.oracles import told_by_areas

SNAPSHOT = Path(__file__).parent.parent / "schema.graphql"


def _undescribed(type_: GraphQLNamedType) -> list[str]:
    found = [] if type_.description else [type_.name]
    for name, field in getattr(type_, "fields", {}).items():
        if not field.description:
            found.append(f"{type_.name}.{name}")
        arguments = getattr(field, "args", {}).items()
        # A mutation's `input` is described by its type.
        described = [key for key, value in arguments if value.description or key == "input"]
        found += [f"{type_.name}.{name}({key}:)" for key, _ in arguments if key not in described]
    if isinstance(type_, GraphQLEnumType):
        found += [f"{type_.name}.{name}" for name, value in type_.values.items() if not value.description]
    return found


def test_the_schema_is_the_manual_of_the_api() -> None:
    """Every type, field, argument and enum value says what it is."""
    types = SCHEMA.type_map.values()
    own = [t for t in types if not t.name.startswith("__") and not is_specified_scalar_type(t)]
    assert [name for type_ in own for name in _undescribed(type_)] == []


def test_the_snapshot_is_the_schema() -> None:
    assert SNAPSHOT.read_text(encoding="utf-8") == build_schema().as_str() + "\n"


_NO_GLOBAL_IDS = {"externalId", "vatId", "contentId", "clientId"}
"""Ids that others have given."""


def _named_as_ids() -> Iterator[tuple[str, GraphQLNamedType]]:
    """Each field, argument and field of an input whose name is that of an id, and its type."""
    for type_ in SCHEMA.type_map.values():
        for name, field in getattr(type_, "fields", {}).items():
            found = {name: field} | getattr(field, "args", {})
            for key, each in found.items():
                if re.search("^ids?$|Ids?$", key) and key not in _NO_GLOBAL_IDS:
                    yield f"{type_.name}.{name}({key})", get_named_type(each.type)


def test_ids_have_the_type_of_ids() -> None:
    """Clients keep ids by their type, and tests find by it what an input names."""
    assert [place for place, type_ in _named_as_ids() if type_.name != "ID"] == []
    assert {"Account.id(id)", "SendReserveInput.contactListId(contactListId)"} <= dict(_named_as_ids()).keys()


def test_no_description_names_a_requirement_by_its_number() -> None:
    """Whoever reads the API's manual has no list of them."""
    assert re.findall(r"\b[RNT][0-9]{1,3}\b", SNAPSHOT.read_text(encoding="utf-8")) == []


def _definitions() -> list[ObjectTypeDefinitionNode]:
    found = parse(SNAPSHOT.read_text(encoding="utf-8")).definitions
    return [definition for definition in found if isinstance(definition, ObjectTypeDefinitionNode)]


def _needs(marks: Iterable[ConstDirectiveNode]) -> set[str]:
    """The sentences that belong to the directives of a field."""
    found = set()
    for mark in marks:
        names = re.findall('"([A-Z_]+)"', print_ast(mark))
        if mark.name.value.startswith("requires"):
            found.add(f"Needs {' or '.join(names)}.")
        elif mark.name.value == "staffOnly":
            found.add("For the platform's staff.")
        elif mark.name.value == "anonymous":
            found.add("Needs no token.")
    return found


_SENTENCE = re.compile(r"(Needs (?:[A-Z_]+(?: or )?)+\.|For the platform's staff\.|Needs no token\.)")


def test_each_description_says_what_the_directives_say() -> None:
    """Introspection shows no directives."""
    types = SCHEMA.type_map
    for definition in _definitions():
        shown = types[definition.name.value]
        assert isinstance(shown, GraphQLObjectType)
        for field in definition.fields or ():
            description = shown.fields[field.name.value].description or ""
            told = re.sub(r"\s+", " ", description)
            expected = _needs(field.directives or definition.directives or ())
            assert set(_SENTENCE.findall(told)) == expected, f"{definition.name.value}.{field.name.value}"


def test_each_field_says_in_the_snapshot_what_it_needs() -> None:
    """By a directive of its own, or of its type."""
    fields = [
        (
            f"{definition.name.value}.{field.name.value}",
            [*(field.directives or ()), *(definition.directives or ())],
        )
        for definition in _definitions()
        for field in definition.fields or ()
    ]
    assert len(fields) > 1_000
    rules = {"requires", "requiresAny", "public", "staffOnly", "anonymous"}
    marked = {place for place, marks in fields if rules & {mark.name.value for mark in marks}}
    assert [place for place, _ in fields if place not in marked] == []


def test_permissions_and_areas_that_nothing_needs_say_so() -> None:
    needed = set()
    for definition in _definitions():
        needed |= set(re.findall(r"[A-Z_]{4,}", " ".join(_needs(definition.directives or ()))))
        for field in definition.fields or ():
            needed |= set(re.findall(r"[A-Z_]{4,}", " ".join(_needs(field.directives or ()))))
    types = SCHEMA.type_map
    for enum, wanted in (
        ("Permission", needed),
        ("Area", {Permission[name].area.name for name in needed}),
    ):
        type_ = types[enum]
        assert isinstance(type_, GraphQLEnumType)
        marked = {
            name for name, value in type_.values.items() if "Nothing needs it yet." in str(value.description)
        }
        assert marked == set(type_.values) - wanted
        assert wanted


def test_no_layer_asks_for_a_permission_that_the_schema_does_not_tell() -> None:
    asked = set()
    for folder in ("authz", "resolvers", "server"):
        for path in (SNAPSHOT.parent / folder).rglob("*.py"):
            asked |= set(re.findall(r"\bPermission\.([A-Z][A-Z_]+)", path.read_text(encoding="utf-8")))
    sdl = SNAPSHOT.read_text(encoding="utf-8")
    told = {
        name
        for mark in re.findall(r"@requires\w*\(([^)]*)\)", sdl)
        for name in re.findall(r"[A-Z_]{4,}", mark)
    }
    assert asked <= told
    assert {"ACCOUNT_READ", "CAMPAIGNS_SEND"} <= asked


def test_every_area_contributes() -> None:
    """What is not in the list of areas is not served."""
    folders = {path.parent.name for path in (SNAPSHOT.parent / "schema").glob("*/__init__.py")} - {"fields"}
    contributions = {importlib.import_module(f"schema.{name}").CONTRIBUTION for name in folders}
    assert contributions == set(AREAS)


def _built_by_position(path: Path) -> Iterator[str]:
    """The calls in a module that build a command of the resolvers from positional values."""
    name = ".".join(path.relative_to(SNAPSHOT.parent).with_suffix("").parts)
    module = importlib.import_module(name.removesuffix(".__init__"))
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and call.args:
            built: object = module
            for part in ast.unparse(call.func).split("."):
                built = getattr(built, part, None)
            if dataclasses.is_dataclass(built) and getattr(built, "__module__", "").startswith("resolvers."):
                yield f"{name}:{call.lineno}"


def test_commands_are_built_by_keyword() -> None:
    """mypy does not see two values of one type change places."""
    modules = (SNAPSHOT.parent / "schema").rglob("*.py")
    assert [place for path in modules for place in _built_by_position(path)] == []


def test_a_mutation_takes_nothing_that_its_frame_does_not_know() -> None:
    async def greet(self: object, session: object, name: str) -> Payload:
        raise NotImplementedError

    with pytest.raises(TypeError, match="greet: a mutation takes only"):
        mutation(OPEN)(greet)


_REMOVES: dict[str, str] = told_by_areas("REMOVES")
"""Mutations that end something, and where their payload tells what: a client forgets it by its id."""
_BY_NAME = {"contactAttributeDelete"}
"""They end what is known by its name."""


def test_what_removes_something_tells_its_id() -> None:
    assert SCHEMA.mutation_type is not None
    fields = SCHEMA.mutation_type.fields
    assert {name for name in fields if re.search("(Remove|Revoke|Delete|Erase|Leave|End)$", name)} == set(
        _REMOVES
    )
    for name, path in _REMOVES.items():
        type_ = get_named_type(fields[name].type)
        for step in path.split("."):
            assert isinstance(type_, GraphQLObjectType)
            type_ = get_named_type(type_.fields[step].type)
        assert type_.name == ("String" if name in _BY_NAME else "ID"), name
