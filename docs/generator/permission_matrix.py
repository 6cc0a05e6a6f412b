"""The matrix of roles and permissions, as casbin answers it, and what each permission is needed for."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from graphql import FieldDefinitionNode, GraphQLObjectType, GraphQLSchema, ObjectTypeDefinitionNode, print_ast

from authz.policy.builtin_roles import BuiltinRole, compiled
from authz.policy.permissions import Permission


def permission_page(schema: GraphQLSchema) -> str:
    """What each built-in role gives, permission by permission, and what in the schema needs it."""
    return "\n".join([*_matrix(), "", *_uses(schema), "", *_fields_by_role(schema)])


def uses_of_permissions(schema: GraphQLSchema) -> Mapping[str, Sequence[str]]:
    """What needs a permission by its directives: `mutation`, `Type.field`, or `Type` for all its fields."""
    found: dict[str, list[str]] = defaultdict(list)
    for type_ in sorted(schema.type_map.values(), key=lambda type_: type_.name):
        if not isinstance(type_, GraphQLObjectType):
            continue
        for permission in _needed(type_.ast_node):
            found[permission].append(type_.name)
        is_root = type_ in {schema.query_type, schema.mutation_type}
        for name, field in sorted(type_.fields.items()):
            for permission in _needed(field.ast_node):
                found[permission].append(name if is_root else f"{type_.name}.{name}")
    return found


def _needed(node: ObjectTypeDefinitionNode | FieldDefinitionNode | None) -> Iterator[str]:
    for mark in () if node is None else node.directives or ():
        if mark.name.value in {"requires", "requiresAny"}:
            yield from (name for name in Permission.__members__ if f'"{name}"' in print_ast(mark))


def _uses(schema: GraphQLSchema) -> Iterator[str]:
    uses = uses_of_permissions(schema)
    yield "## What needs them\n"
    yield "Directives of the schema say the same of each field. Of a type all fields need it.\n"
    yield "| permission | needed by |\n|---|---|"
    for permission in Permission:
        places = ", ".join(f"`{place}`" for place in uses.get(permission.name, ()))
        yield f"| {permission.name} | {places or 'nothing yet'} |"


def _fields_by_role(schema: GraphQLSchema) -> Iterator[str]:
    places: dict[str, list[Permission]] = defaultdict(list)
    for name, uses in uses_of_permissions(schema).items():
        for place in uses:
            places[place].append(Permission[name])
    yield "## Fields and mutations by role\n"
    yield f"| field or mutation | {' | '.join(role.name for role in BuiltinRole)} |"
    yield "|---|" + "---|" * len(BuiltinRole)
    for place, permissions in sorted(places.items()):
        bits = sum(permission.bit for permission in permissions)
        yield f"| `{place}` | {' | '.join(_marks(role, bits) for role in BuiltinRole)} |"


def _marks(role: BuiltinRole, bits: int) -> str:
    """How the role gives one of the permissions."""
    masks = compiled()[role]
    by_mark = {"m": masks.member, "a": masks.ancestor, "i": masks.inherited}
    return "".join(mark for mark, mask in by_mark.items() if mask & bits)


def _matrix() -> Iterator[str]:
    yield "---\nhide: [toc]\n---\n# Matrix of roles and permissions\n"
    yield "Each cell is what casbin answers when this page is built:\n"
    yield "- **m**: as a member of the account"
    yield "- **a**: in the accounts below it, always"
    yield "- **i**: in the accounts below it, where the account passes all of its roles down\n"
    yield f"| permission | {' | '.join(role.name for role in BuiltinRole)} |"
    yield "|---|" + "---|" * len(BuiltinRole)
    for permission in Permission:
        marks = (_marks(role, permission.bit) for role in BuiltinRole)
        yield f"| {permission.name} | {' | '.join(marks)} |"
