"""What is compiled before somebody asks."""

import pytest
from graphql import OperationDefinitionNode, OperationType

from engine.compiled.query_plans import Operation
from server.database.connections import connect_as_application
from server.database.read_pools import ReadPools
from server.graphql.documents import Documents
from server.graphql.preparation import prepare
from server.graphql.runner import OperationRunner
from server.pages import likely_documents
from tests.client.schema import STRAWBERRY
from tests.server.deployed import deployed

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


async def test_the_pages_queries_are_compiled_before_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """For persons and for API keys, without the database; each document is one valid operation."""
    executor = OperationRunner(
        STRAWBERRY, connect_as_application(NOWHERE, 1), ReadPools.open(NOWHERE, 1), deployed()
    )
    documents = Documents(executor.schema)
    compiled: list[OperationType] = []
    first = Operation.compile

    def counted(self: Operation, *arguments: object) -> object:
        compiled.append(self.type)
        return first(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Operation, "compile", counted)
    await prepare(documents, executor, likely_documents())
    checked = [documents.check(source, anonymous=False) for source in likely_documents()]
    assert [each.errors for each in checked] == [[] for _ in checked]
    operations = [
        [node for node in each.document.definitions if isinstance(node, OperationDefinitionNode)]
        for each in checked
    ]
    assert [len(each) for each in operations] == [1 for _ in checked]
    prepared = list(compiled)
    assert set(prepared) == {OperationType.QUERY}
    await prepare(documents, executor, likely_documents())
    assert compiled == prepared
