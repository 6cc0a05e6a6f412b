"""The schema keeps its promises: what breaks clients is told, and what is deprecated says for how long it
stays."""

import datetime
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema

from tests.client.schema import SCHEMA
from tests.schema_changes import deprecations, early_removals, end_of, untold_breaks, wrong_deprecations

CHECKOUT = Path(__file__).parents[1]
RELEASED = build_schema((CHECKOUT / "docs" / "releases" / "schema.graphql").read_text(encoding="utf-8"))
"""The schema of the last release."""


def _unreleased() -> str:
    """What the changelog tells of the time since the last release."""
    changelog = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    return changelog.partition("\n## Unreleased\n")[2].partition("\n## ")[0]


def test_each_change_that_breaks_clients_is_in_the_changelog() -> None:
    """With its place in backticks, as `Type.field`."""
    assert untold_breaks(RELEASED, SCHEMA, _unreleased()) == []


def test_what_is_deprecated_says_what_to_use_and_until_when_and_is_gone_then() -> None:
    assert wrong_deprecations(SCHEMA, datetime.datetime.now(datetime.UTC).date()) == []


def test_what_is_deprecated_stays_until_its_day() -> None:
    assert early_removals(RELEASED, SCHEMA, datetime.datetime.now(datetime.UTC).date()) == []


_BEFORE = """
directive @x on FIELD_DEFINITION
type Query { a(b: Int, d: Int): Int  c: String! e: E u: U n: Int! i(x: In): Int gone: Gone }
input In { a: Int b: Int }
type Gone { a: Int }
enum E { A B }
union U = X | Y
type X { a: Int }
type Y implements N { a: Int }
interface N { a: Int }
"""
_AFTER = """
type Query { a(b: Int!, z: Int!): Int c: String e: E u: U i(x: In): Int more: Int }
input In { a: Int! c: Int! }
enum E { A C }
union U = X
type X { a: Int }
type Y { a: Int }
interface N { a: Int }
"""
_BROKEN = [
    "@x",
    "Gone",
    "Query.n",
    "Query.gone",
    "Query.a(d:)",
    "Query.a(b:)",
    "Query.a(z:)",
    "Query.c",
    "In.a",
    "In.b",
    "In.c",
    "E.B",
    "Y",
]
"""What the second schema breaks of the first."""


def test_every_kind_of_break_has_to_be_told() -> None:
    before, after = build_schema(_BEFORE), build_schema(_AFTER)
    told = [f"`{place}`" for place in _BROKEN]
    assert untold_breaks(before, after, " ".join(told)) == []
    for each in told:
        rest = " ".join(place for place in told if place != each)
        assert untold_breaks(before, after, rest), each
    assert untold_breaks(before, before, "") == []


def _deprecated(reason: str) -> GraphQLSchema:
    mark = f'@deprecated(reason: "{reason}")'
    return build_schema(f"""
        type Query {{ a: Int {mark} b(c: Int {mark} d: Int): Int e(in: In): E node: Node }}
        interface Node {{ f: Int {mark} }}
        input In {{ g: Int {mark} h: Int }}
        enum E {{ I {mark} J }}""")


_DEPRECATED = {"Query.a", "Query.b(c:)", "Node.f", "In.g", "E.I"}
_DAY = datetime.date(2027, 3, 31)
_REASON = "Use `other`. Removed after 2027-03-31."


@pytest.mark.parametrize(
    "reason",
    [
        "No longer supported",
        "Use other.",
        "Removed after 2027-03-31.",
        "Use other. Removed after 2027-02-30.",
        "Use other. Removed after March.",
        "Use other. Removed after 2027-03-31",
        "use other. Removed after 2027-03-31.",
        "Use . Removed after 2027-03-31.",
    ],
)
def test_a_deprecation_of_another_form_is_found_everywhere(reason: str) -> None:
    assert end_of(reason) is None
    assert set(wrong_deprecations(_deprecated(reason), _DAY)) == _DEPRECATED


def test_a_deprecation_lasts_until_its_day() -> None:
    schema = _deprecated(_REASON)
    assert deprecations(schema) == dict.fromkeys(deprecations(schema), _REASON)
    assert wrong_deprecations(schema, _DAY) == []
    assert set(wrong_deprecations(schema, _DAY + datetime.timedelta(days=1))) == _DEPRECATED


def test_what_is_gone_before_its_day_is_found() -> None:
    schema = _deprecated(_REASON)
    without = build_schema("""
        type Query { b(d: Int): Int e(in: In): E node: Node }
        interface Node { k: Int }
        input In { h: Int }
        enum E { J }""")
    assert set(early_removals(schema, without, _DAY)) == _DEPRECATED
    assert early_removals(schema, without, _DAY + datetime.timedelta(days=1)) == []
    assert early_removals(schema, schema, _DAY) == []
