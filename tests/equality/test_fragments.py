"""What is written once serves all documents, and each use of it has its own values."""

from collections.abc import Iterator, Mapping

import pytest

from authz.reach.reach import PRINCIPAL
from authz.wall.row_security import entering
from engine.base.client_values import NotCompilableError
from engine.compiled import fragment_cache as places
from engine.compiled.fragments import Fragment
from engine.compiled.query_plans import Asked, QueryPlans, WholeQuery
from engine.declare.field_cache import FieldCache
from server.graphql.runner import OperationRunner
from tests.equality.drawn.answers import check_equality, compiled
from tests.equality.drawn.operations import Operation, operation
from tests.equality.drawn.scene import Scene
from tests.equality.drawn.vocabulary import Vocabulary
from tests.world.schema import STRAWBERRY

_PAGES = (
    "viewer { a: accounts(first: 2, after: %s) { nodes { id } } "
    "b: accounts(first: 2, after: %s) { nodes { id } } }"
)
_LISTS = (
    "viewer { a: accounts(search: %s) { nodes { id name } } b: accounts(search: %s) { nodes { id name } } }"
)
_BOTH = "query ($a: String, $b: String) { %s }"


async def test_two_pages_in_one_document(
    executor: OperationRunner, scene: Scene, vocabularies: Mapping[str, Vocabulary]
) -> None:
    """The order of ids is read by a CTE, of which a statement has one of a name."""
    one, other = vocabularies["owner of a tree"].cursors["accounts.created"][:2]
    await _check_two(executor, scene, operation(_BOTH % _PAGES % ("$a", "$b"), a=one, b=other))
    await _check_two(executor, scene, operation(f"{{ {_PAGES} }}" % (f'"{one}"', f'"{other}"')))


async def test_two_searches_in_one_document(executor: OperationRunner, scene: Scene) -> None:
    text = _BOTH % _LISTS % ("$a", "$b")
    await _check_two(executor, scene, operation(text, a="Leaf 17", b="Leaf 18"))
    await _check_two(executor, scene, operation(text, a="Leaf 18", b="Leaf 17"))


async def _check_two(executor: OperationRunner, scene: Scene, asked: Operation) -> None:
    caller = scene.callers["owner of a tree"]
    assert await check_equality(executor, asked, caller)
    answer = await compiled(executor, asked, caller)
    assert answer is not None
    (_, shown), *_ = answer.data[0]  # type: ignore[index]  # tuples, as an Answer has them
    lists = dict(shown)
    assert lists["a"] != lists["b"]


def test_another_document_builds_nothing() -> None:
    """Other names, other values, another order: nothing that a resolver has to be asked for."""
    _plan('{ viewer { accounts(first: 7, search: "one") { nodes { id name parent { name } } } } }')
    kept = list(_fragments())  # held, so that no other one gets the id of one that was forgotten
    before = set(map(id, kept))
    _plan('{ viewer { all: accounts(search: "two", first: 7) { nodes { parent { n: name } i: id name } } } }')
    assert set(map(id, _fragments())) == before
    _plan('{ viewer { accounts(first: 8, search: "one") { nodes { id } } } }')
    assert len(set(map(id, _fragments())) - before) == 1


def test_fragments_hold_nothing_that_a_client_said() -> None:
    _plan('{ viewer { accounts(first: 9, search: "a word of a client") { nodes { id } } } }')
    _plan('{ account(id: "acct_01a20437-423e-7743-9c94-7b11d9a85376") { id } }')
    texts = [fragment.text for fragment in _fragments()]
    assert len(texts) > 2
    for said in ("a word of a client", "7b11d9a85376"):
        assert not [text for text in texts if said in text]


def test_fragments_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """In bytes: each size of a page is another one."""
    monkeypatch.setattr(places, "_fragments", FieldCache(most := 100_000))
    pages = [f"{{ viewer {{ accounts(first: {size}) {{ nodes {{ id }} }} }} }}" for size in range(100)]
    for page in pages:
        _plan(page)
        assert places._fragments.size <= most
    assert 0 < sum(len(fragment.text) for fragment in _fragments()) < most


@pytest.mark.parametrize("cursor", ["", "no cursor"])
def test_a_broken_cursor_is_refused_also_where_the_fragment_is_known(cursor: str) -> None:
    query = "{{ viewer {{ accounts(orderBy: NAME, after: {}) {{ nodes {{ id }} }} }} }}"
    good = '"WyJhY2NvdW50cy5uYW1lIiwgIjJiIiwgIjAxYTIwNDM3LTQyM2UtNzc0My05Yzk0LTdiMTFkOWE4NTM3NiJd"'
    _plan(query.format(good))
    with pytest.raises(NotCompilableError):
        _plan(query.format(f'"{cursor}"'))


def _plan(text: str) -> None:
    asked = operation(text)
    QueryPlans(STRAWBERRY, entering()).find(
        Asked(text, asked.document, None, {}), WholeQuery(PRINCIPAL, None)
    )


def _fragments() -> Iterator[Fragment]:
    kept = [*places._fragments._kept._trial.values(), *places._fragments._kept._proven.values()]
    return (entry.value.fragment for entry in kept if entry.value.fragment is not None)
