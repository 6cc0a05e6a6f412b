"""Both executors answer the same where engines go wrong; what is written here is checked in every run."""

from collections.abc import Mapping

import pytest

from server.graphql.runner import OperationRunner
from tests.equality.drawn.answers import check_equality, compiled, reference
from tests.equality.drawn.corners import ACCOUNT, AFTER, BEFORE, DOCUMENTS, NODE, SEARCH, TOO_LARGE
from tests.equality.drawn.operations import operation
from tests.equality.drawn.scene import Scene
from tests.equality.drawn.vocabulary import NO_CURSORS, NO_IDS, Vocabulary

_VARIED = pytest.mark.parametrize("viewer", ["owner of a tree", "narrowed key"])
_VIEWERS = (
    "owner of a tree",
    "administrator of a subtree",
    "finance",
    "member in two trees",
    "key without sight",
    "holder of a custom role",
)


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_corners(name: str, executor: OperationRunner, scene: Scene) -> None:
    for viewer in _VIEWERS:
        asked = operation(DOCUMENTS[name])
        assert await check_equality(executor, asked, scene.callers[viewer]), viewer


@_VARIED
async def test_ids_of_all_kinds(viewer: str, executor: OperationRunner, scene: Scene) -> None:
    for id_ in (*scene.ids, *NO_IDS):
        assert await check_equality(executor, operation(NODE, id=id_), scene.callers[viewer]), id_
    for id_ in (*scene.ids[::5], *NO_IDS):
        assert await check_equality(executor, operation(ACCOUNT, id=id_), scene.callers[viewer]), id_


@_VARIED
async def test_search_words(viewer: str, executor: OperationRunner, scene: Scene) -> None:
    for text in (None, "", *scene.searches):
        assert await check_equality(executor, operation(SEARCH, text=text), scene.callers[viewer]), text


@_VARIED
async def test_cursors_of_earlier_answers(
    viewer: str, executor: OperationRunner, scene: Scene, vocabularies: Mapping[str, Vocabulary]
) -> None:
    for cursor in vocabularies[viewer].cursors["accounts.created"][::4]:
        for query in (AFTER, BEFORE):
            assert await check_equality(executor, operation(query, cursor=cursor), scene.callers[viewer])


@pytest.mark.parametrize(
    ("declared", "variables"), [("Int", {"n": 100}), ("Int", {"n": 100.0}), ("Int = 100", {})]
)
async def test_what_would_be_too_large_is_refused_by_both(
    declared: str, variables: dict[str, object], executor: OperationRunner, scene: Scene
) -> None:
    asked = operation(f"query ($n: {declared}) {TOO_LARGE}", **variables)
    caller = scene.callers["owner of a tree"]
    assert await check_equality(executor, asked, caller)
    (error,) = (await reference(executor, asked, caller)).errors
    assert "COST_EXCEEDED" in error


@_VARIED
async def test_broken_cursors_are_refused(
    viewer: str, executor: OperationRunner, scene: Scene, vocabularies: Mapping[str, Vocabulary]
) -> None:
    """Also where only the count is asked for, which needs no page."""
    for cursor in (*NO_CURSORS, vocabularies[viewer].cursors["accounts.name"][0]):
        for query in (AFTER, BEFORE):
            asked = operation(query, cursor=cursor)
            assert await compiled(executor, asked, scene.callers[viewer]) is None, cursor
            assert (await reference(executor, asked, scene.callers[viewer])).refuses, cursor
