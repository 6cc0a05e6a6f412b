"""Manifests: files that list the documents of a client, as tools make them when the client is built.

Two formats are read. Apollo's names them one by one:

    {"format": "apollo-persisted-query-manifest", "version": 1,
     "operations": [{"id": "...", "name": "...", "type": "query", "body": "..."}]}

GraphQL Code Generator's `persisted-documents.json`, as Relay's compiler writes too, has texts by their ids:

    {"...": "query Name { ... }"}
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode
from pydantic import BaseModel, TypeAdapter, ValidationError

from server.failures.command_failed import CommandFailed
from server.graphql.documents import Documents

_APOLLO = "apollo-persisted-query-manifest"
_TOLD_AT_MOST = 10
"""Documents that are not valid."""


@dataclass(frozen=True)
class ListedDocument:
    """One document of a manifest. `name`: as the manifest says it, empty where it says none."""

    id: str
    name: str
    text: str


class _Operation(BaseModel):
    id: str
    name: str
    body: str


class _ApolloManifest(BaseModel):
    operations: list[_Operation]


_TEXTS = TypeAdapter(dict[str, str])


def read_manifest(path: Path) -> Sequence[ListedDocument]:
    """The documents of a manifest. Raises CommandFailed if there is no such file, it is no manifest, or
    something stands in it twice."""
    try:
        text = path.read_text(encoding="utf-8")
        content: object = json.loads(text, object_pairs_hook=_without_twice)
    except _KeyTwice as error:
        raise CommandFailed(
            f"The manifest {path} has the key {error.args[0]} twice in one object."
        ) from error
    except OSError as error:
        raise CommandFailed(f"The manifest {path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise CommandFailed(f"The manifest {path} is not JSON in UTF-8: {error}.") from error
    try:
        found = _documents(content)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise CommandFailed(
            f"The manifest {path} has an unknown format, at {place or 'its root'}."
        ) from error
    twice = [key for key, times in Counter(each.id for each in found).items() if times > 1]
    if twice:
        raise CommandFailed(f"The manifest {path} has two documents with the id {twice[0]}.")
    if not found:
        raise CommandFailed(f"The manifest {path} has no documents.")
    return found


def check_manifest(path: Path, schema: GraphQLSchema) -> Sequence[ListedDocument]:
    """The documents of a manifest. Raises CommandFailed where one of them is not valid against the schema, or
    larger than documents may be; its name is told."""
    found = read_manifest(path)
    documents = Documents(schema)
    wrong = [told for each in found if (told := _told_of(each, documents))]
    if wrong:
        more = f"; and {len(wrong) - _TOLD_AT_MOST} more" if len(wrong) > _TOLD_AT_MOST else ""
        listed = "; ".join(wrong[:_TOLD_AT_MOST])
        raise CommandFailed(f"Documents of the manifest {path} are not valid: {listed}{more}.")
    return found


class _KeyTwice(ValueError):
    """An object of a JSON text has the key, the only argument, twice: readers differ in which one counts."""


def _without_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        (key, _), *_ = Counter(key for key, _ in pairs).most_common(1)
        raise _KeyTwice(key)
    return found


def _documents(content: object) -> list[ListedDocument]:
    if isinstance(content, Mapping) and content.get("format") == _APOLLO:
        operations = _ApolloManifest.model_validate(content).operations
        return [ListedDocument(each.id, each.name, each.body) for each in operations]
    return [ListedDocument(key, "", text) for key, text in _TEXTS.validate_python(content).items()]


def _told_of(listed: ListedDocument, documents: Documents) -> str:
    """What is wrong with a document; empty: nothing."""
    name = listed.name
    try:
        checked = documents.check(listed.text, anonymous=False)
        name = name or _first_name(checked.document.definitions)
        errors = checked.errors
        if not errors and not _has_operation(checked.document.definitions):
            errors = [GraphQLError("It has no operation.")]
    except GraphQLError as error:
        errors = [error]
    if not errors:
        return ""
    return f"{name or 'without a name'} ({listed.id}): {_sentence(errors[0])}"


def _sentence(error: GraphQLError) -> str:
    message = error.message.removesuffix(".")
    places = [f"line {place.line}, column {place.column}" for place in error.locations or ()]
    return f"{message}, {places[0]}" if places else message


def _has_operation(definitions: Iterable[object]) -> bool:
    return any(isinstance(each, OperationDefinitionNode) for each in definitions)


def _first_name(definitions: Iterable[object]) -> str:
    names = [
        each.name.value for each in definitions if isinstance(each, OperationDefinitionNode) and each.name
    ]
    return names[0] if names else ""
