"""The schema as a whole: its snapshot and its documentation."""

from pathlib import Path

from graphql import GraphQLEnumType, GraphQLNamedType, is_specified_scalar_type

from schema.root import build_schema, graphql_schema

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
    """Every type, field, argument and enum value says what it is (api.md)."""
    types = graphql_schema(build_schema()).type_map.values()
    own = [t for t in types if not t.name.startswith("__") and not is_specified_scalar_type(t)]
    assert [name for type_ in own for name in _undescribed(type_)] == []


def test_the_snapshot_is_the_schema() -> None:
    assert SNAPSHOT.read_text(encoding="utf-8") == build_schema().as_str() + "\n"
