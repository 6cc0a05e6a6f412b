"""The API reference, made of the schema's own descriptions."""

from collections.abc import Iterable, Iterator, Mapping

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
)

_PAGES = {
    "queries": "Queries",
    "mutations": "Mutations",
    "objects": "Objects",
    "inputs": "Inputs",
    "enums": "Enums and scalars",
}


def reference_pages(schema: GraphQLSchema) -> Mapping[str, str]:
    """The pages by their names, in Markdown."""
    pages = {name: [f"# {title}\n"] for name, title in _PAGES.items()}
    for type_ in sorted(schema.type_map.values(), key=lambda type_: type_.name):
        if type_ is schema.query_type:
            pages["queries"] += _root_fields(schema.query_type)
        elif type_ is schema.mutation_type:
            pages["mutations"] += _root_fields(schema.mutation_type)
        elif not type_.name.startswith("__"):
            pages[_page_of(type_)] += _type_lines(type_)
    return {name: "\n".join(lines) for name, lines in pages.items()}


def _page_of(type_: GraphQLNamedType) -> str:
    if isinstance(type_, GraphQLInputObjectType):
        return "inputs"
    return "enums" if isinstance(type_, GraphQLEnumType | GraphQLScalarType) else "objects"


def _root_fields(root: GraphQLObjectType) -> Iterator[str]:
    for name, field in sorted(root.fields.items()):
        yield f"## {name}\n"
        yield f"{_text(field.description)}\n"
        if field.args.keys() == {"input"}:
            yield f"Takes {_link(field.args['input'].type)}, returns {_link(field.type)}.\n"
            continue
        yield f"Returns {_link(field.type)}.\n"
        if field.args:
            yield from _table("argument", field.args)


def _type_lines(type_: GraphQLNamedType) -> Iterator[str]:
    yield f"## {type_.name}\n"
    if type_.description:
        yield f"{_text(type_.description)}\n"
    match type_:
        case GraphQLObjectType() | GraphQLInterfaceType() | GraphQLInputObjectType():
            yield from _table("field", type_.fields)
        case GraphQLUnionType():
            yield f"One of {', '.join(_link(member) for member in type_.types)}.\n"
        case GraphQLEnumType():
            yield "| value | meaning |\n|---|---|"
            for name, value in type_.values.items():
                yield f"| `{name}` | {_cell(value.description)} |"
            yield ""


def _table(
    what: str, items: Mapping[str, GraphQLField | GraphQLArgument | GraphQLInputField]
) -> Iterator[str]:
    yield f"| {what} | type | meaning |\n|---|---|---|"
    for name, item in items.items():
        yield f"| `{name}` | {_link(item.type)} | {_cell(item.description, _details(item))} |"
    yield ""


def _details(item: GraphQLField | GraphQLArgument | GraphQLInputField) -> Iterator[str]:
    match item:
        case GraphQLField() if item.args:
            arguments = (f"`{name}` ({_link(argument.type)})" for name, argument in item.args.items())
            yield f"Arguments: {', '.join(arguments)}."
        case GraphQLArgument() | GraphQLInputField() if item.default_value is not Undefined:
            yield f"By default `{item.default_value}`."


def _link(type_: GraphQLInputType | GraphQLOutputType) -> str:
    """The type as it is written, as a link to where it is described."""
    named = get_named_type(type_)
    return f"[`{type_}`]({_page_of(named)}.md#{named.name.lower()})"


def _cell(description: str | None, more: Iterable[str] = ()) -> str:
    return " ".join([_text(description), *more]).replace("\n", " ").replace("|", "\\|").strip()


def _text(description: str | None) -> str:
    return (description or "").strip()
