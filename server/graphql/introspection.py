"""Answers to questions about the schema alone, which are the same for everybody: tools send the same few, and
each takes a tenth of a second, so the last ones are kept ready."""

import gzip
import re
from collections import OrderedDict
from hashlib import blake2b
from threading import Lock

import orjson
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    get_introspection_query,
)

from engine.limits.meta_costs import META_FIELD_LIMITS, root_fields
from engine.limits.operation import check_cost

KEPT_ANSWERS = 16
"""How many answers are kept; each has its whole and its compressed text."""

LARGEST_KEPT = 1_000_000
"""Bytes: the answer to the usual question has 500,000."""

_LONGEST_QUESTION = 10_000
"""Characters."""

_KIND_LAST = re.compile(r"(ofType \{\n *)name(\n *)kind")
"""How graphql-core writes what graphql-js writes the other way round."""


class KeptAnswer(bytes):
    """The JSON text of the data, without errors, and the same as a response's body."""

    body: bytes
    compressed: bytes
    """The body by gzip."""

    @classmethod
    def of(cls, data: bytes) -> "KeptAnswer":
        """The answer of a text."""
        answer = cls(data)
        answer.body = b'{"data":%b}' % data
        answer.compressed = gzip.compress(answer.body, compresslevel=6, mtime=0)
        return answer


def usual_questions() -> list[str]:
    """What graphql-js asks by the options of GraphiQL and of code generators, and graphql-core by none."""
    options: tuple[dict[str, bool], ...] = (
        {},
        {"schema_description": True},
        {"specified_by_url": True, "directive_is_repeatable": True, "schema_description": True},
        {
            "specified_by_url": True,
            "directive_is_repeatable": True,
            "schema_description": True,
            "input_value_deprecation": True,
        },
        {
            "specified_by_url": True,
            "directive_is_repeatable": True,
            "schema_description": True,
            "input_value_deprecation": True,
            "one_of": True,
        },
    )
    as_javascript = [_KIND_LAST.sub(r"\1kind\2name", get_introspection_query(**each)) for each in options]
    return [*as_javascript, get_introspection_query()]


def is_about_schema(document: DocumentNode, operation: OperationDefinitionNode) -> bool:
    """Whether a valid document has this operation alone, without variables and about the schema alone."""
    operations = sum(isinstance(node, OperationDefinitionNode) for node in document.definitions)
    if operations > 1 or operation.operation is not OperationType.QUERY or operation.variable_definitions:
        return False
    names = {node.name.value for node in root_fields(operation.selection_set, _fragments(document))}
    return not META_FIELD_LIMITS.keys().isdisjoint(names) and all(name.startswith("__") for name in names)


class Introspection:
    """Answers from the schema, by the text of their question. Threads may share it."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._lock = Lock()
        self._kept: OrderedDict[bytes, KeptAnswer] = OrderedDict()

    def kept(self, source: str) -> KeptAnswer | None:
        """The answer to a question, if it is kept; it is only looked up."""
        digest = _digest(source)
        with self._lock:
            found = self._kept.get(digest)
            if found is not None:
                self._kept.move_to_end(digest)
            return found

    def answer(
        self, source: str, document: DocumentNode, operation: OperationDefinitionNode
    ) -> KeptAnswer | None:
        """The answer to a question, kept if it is not too large.

        It takes up to 200 ms of CPU, and may run in any thread. None where executing finds errors. Raises
        GraphQLError where the answer would have too many fields.
        """
        check_cost(self._schema, document, operation, {})
        result = execute_sync(self._schema, document)
        if result.errors:
            return None
        answer = KeptAnswer.of(orjson.dumps(result.data))
        if len(answer) <= LARGEST_KEPT and len(source) <= _LONGEST_QUESTION:
            with self._lock:
                self._kept[_digest(source)] = answer
                if len(self._kept) > KEPT_ANSWERS:
                    self._kept.popitem(last=False)
        return answer


def _digest(source: str) -> bytes:
    """Of a question, however it is laid out."""
    plain = '"' not in source and "#" not in source
    text = " ".join(source.replace(",", " ").split()) if plain else source
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
