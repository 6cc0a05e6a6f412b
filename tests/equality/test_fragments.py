"""What is written once serves all documents, and each use of it has its own values."""

import itertools
from collections.abc import Iterator, Mapping

import pytest
from graphql import parse

from authz.callers.principals import PrincipalKind
from authz.policy.permissions import Permission
from authz.reach.reach import PRINCIPAL
from authz.wall.row_security import entering
from authz.wall.tree_door import gates
from engine.base.client_values import NotCompilableError
from engine.compiled import fragment_cache as places
from engine.compiled.fragments import Fragment
from engine.compiled.query_plans import Asked, QueryPlan, QueryPlans, WholeQuery
from engine.compiled.readiness import prepare_fragments
from engine.declare.field_cache import FieldCache
from models.accounts.tables import AccountKind, AccountStatus
from resolvers.accounts.reads import AccountOrder
from server.graphql.runner import OperationRunner
from tests.client.schema import SCHEMA, STRAWBERRY
from tests.equality.drawn.answers import FALLBACKS, check_equality, compiled
from tests.equality.drawn.operations import Operation, operation
from tests.equality.drawn.places import places as schema_places
from tests.equality.drawn.scene import Scene
from tests.equality.drawn.vocabulary import Vocabulary

_PAGES = (
    "viewer { a: accounts(first: 2, after: %s) { nodes { id } } "
    "b: accounts(first: 2, after: %s) { nodes { id } } }"
)
_LISTS = (
    "viewer { a: accounts(search: %s) { nodes { id name } } b: accounts(search: %s) { nodes { id name } } }"
)
_ID = "acct_01a20437-423e-7743-9c94-7b11d9a85376"
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


def test_another_document_builds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other names, other values, another order: nothing that a resolver has to be asked for."""
    monkeypatch.setattr(places, "_fragments", FieldCache(100_000_000))
    _plan('{ viewer { accounts(first: 7, search: "one") { nodes { id name parent { name } } } } }')
    kept = list(_fragments())  # held, so that no other one gets the id of one that was forgotten
    before = set(map(id, kept))
    _plan('{ viewer { all: accounts(search: "two", first: 7) { nodes { parent { n: name } i: id name } } } }')
    assert set(map(id, _fragments())) == before
    _plan('{ viewer { accounts(first: 8, search: "one") { nodes { id } } } }')
    assert set(map(id, _fragments())) == before
    _plan('{ viewer { accounts(first: 8, kind: MASTER, search: "one") { nodes { id } } } }')
    assert len(set(map(id, _fragments())) - before) == 1


def test_what_a_process_prepares_is_what_documents_need(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each field of the schema where it is asked for without further arguments, by whomever."""
    monkeypatch.setattr(places, "_fragments", FieldCache(100_000_000))
    for _ in prepare_fragments(STRAWBERRY):
        pass
    before = len(list(_fragments()))
    for place in schema_places(SCHEMA, FALLBACKS):
        for name in place.type_.fields:
            if f"{place.type_}.{name}" not in FALLBACKS:
                _plan(place.document(name), id=_ID)
    assert len(list(_fragments())) == before > 500


_AGAIN = {
    "a value": ("viewer { accounts { nodes {", "viewerCan(permission: CREDIT_READ)", "} } }"),
    "an object": ("viewer { accounts { nodes {", "parent { name status }", "} } }"),
    "a list": ("viewer { accounts { nodes {", "members(first: 3) { nodes { user { name } } }", "} } }"),
    "a field of the root": ("", f'account(id: "{_ID}") {{ name status usage {{ sent }} }}', ""),
}
"""A field, and what stands around it."""


@pytest.mark.parametrize("what", _AGAIN)
def test_what_is_asked_for_again_is_computed_once(what: str) -> None:
    """Fifty more aliases: each has its name in the answer, and how its value gets there."""
    before, field, after = _AGAIN[what]

    def length(aliases: int) -> int:
        return _length(f"{{ {before} {' '.join(f'a{n}: {field}' for n in range(aliases))} {after} }}")

    assert length(52) - length(2) < 50 * 200


def test_statements_are_short() -> None:
    """PostgreSQL takes a millisecond for each 600 characters that it has never seen."""
    permissions = " ".join(f"a{p.value}: viewerCan(permission: {p.name})" for p in Permission)
    assert _length(f"{{ viewer {{ accounts {{ nodes {{ {permissions} }} }} }} }}") < 20_000
    usage = """startsAt endsAt sent warnings actions activeContacts { used limit } credit { balance }
        sends { used limit beyond left capLeft } accounts { totalCount nodes { sends account { name } } }
        forecast { runsOutOn contactsRunOutOn sendsRunOutOn creditRunsOutOn }"""
    assert _length(f'{{ account(id: "{_ID}") {{ usage {{ {usage} }} }} }}') < 20_000


def test_fragments_hold_nothing_that_a_client_said() -> None:
    _plan('{ viewer { accounts(first: 9, search: "a word of a client") { nodes { id } } } }')
    _plan(f'{{ account(id: "{_ID}") {{ id }} }}')
    texts = [fragment.text for fragment in _fragments()]
    assert len(texts) > 2
    for said in ("a word of a client", "7b11d9a85376"):
        assert not [text for text in texts if said in text]


def test_fragments_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """In bytes: each list of enums is another one."""
    monkeypatch.setattr(places, "_fragments", FieldCache(most := 50_000))
    for status, kind, order in itertools.product(AccountStatus, AccountKind, AccountOrder):
        of = f"status: {status.name}, kind: {kind.name}, orderBy: {order.name}"
        _plan(f"{{ viewer {{ accounts({of}) {{ nodes {{ id }} }} }} }}")
        assert places._fragments.size <= most
    assert 0 < sum(len(fragment.text) for fragment in _fragments()) < most


@pytest.mark.parametrize("cursor", ["", "no cursor"])
def test_a_broken_cursor_is_refused_also_where_the_fragment_is_known(cursor: str) -> None:
    query = "{{ viewer {{ accounts(orderBy: NAME, after: {}) {{ nodes {{ id }} }} }} }}"
    good = '"WyJhY2NvdW50cy5uYW1lIiwgIjJiIiwgIjAxYTIwNDM3LTQyM2UtNzc0My05Yzk0LTdiMTFkOWE4NTM3NiJd"'
    _plan(query.format(good))
    with pytest.raises(NotCompilableError):
        _plan(query.format(f'"{cursor}"'))


def _plan(text: str, kind: PrincipalKind | None = None, **variables: object) -> QueryPlan:
    asked = Asked(text, parse(text), None, variables)
    plan, _ = QueryPlans(STRAWBERRY, gates(entering())).find(asked, WholeQuery(PRINCIPAL, kind))
    return plan


def _length(text: str) -> int:
    """Of the longest that PostgreSQL is sent: there is one for each kind of caller."""
    return max(len(_plan(text, kind).statement.sql) for kind in PrincipalKind)


def _fragments() -> Iterator[Fragment]:
    kept = [*places._fragments._kept._trial.values(), *places._fragments._kept._proven.values()]
    return (entry.value.fragment for entry in kept if entry.value.fragment is not None)
