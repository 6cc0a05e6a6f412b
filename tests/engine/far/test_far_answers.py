"""Gaps in an answer, and the statements that fill them."""

import uuid
from collections.abc import Sequence
from typing import Any

from engine.base.client_values import Source, Variable
from engine.compiled.far_answers import FarPlan
from engine.compiled.sql_text import Prepared
from engine.declare.far import TREE_VALUE

_TREES = [str(uuid.UUID(int=number)) for number in (1, 2)]
_ROWS = [str(uuid.UUID(int=number)) for number in range(10, 14)]
_VALUES = ("far_rows_0", "far_items_0", "far_rows_1", "far_items_1")
_PLAN = FarPlan(Prepared("far", (TREE_VALUE, Source(Variable(("wanted",))), *_VALUES)), 2)


def _gap(tree: int, row: int, field: int, item: int = 0) -> str:
    return f"\x03{_TREES[tree]}{_ROWS[row]}{_ROWS[item]}{field};"


async def _filled(answer: str) -> tuple[str, list[Sequence[Any]]]:
    """The answer, and the values of the statements that were sent."""
    sent: list[Sequence[Any]] = []

    async def ask(sql: str, values: Sequence[Any]) -> Sequence[Any]:
        assert sql == "far"
        sent.append(values)
        tree, wanted, *parents = values
        names = [
            f"{field}.{_ROWS.index(row)}.{_ROWS.index(item)}"
            for field in range(2)
            for row, item in zip(parents[2 * field], parents[2 * field + 1], strict=True)
        ]
        texts = [f"{_TREES.index(tree)}.{name}={wanted}" for name in names]
        return [[text.encode() for text in texts]]

    filled = await _PLAN.read({"wanted": "x"}).fill(answer.encode(), ask)
    return filled.decode(), sent


async def test_each_gap_gets_the_text_of_its_parent_and_field() -> None:
    answer = f"[{_gap(0, 0, 0)},{_gap(1, 1, 1)},{_gap(0, 2, 1)},é;{_gap(0, 3, 0)}]"
    filled, sent = await _filled(answer)
    assert filled == "[0.0.0.0=x,1.1.1.0=x,0.1.2.0=x,é;0.0.3.0=x]"
    assert sent == [
        [_TREES[0], "x", [_ROWS[0], _ROWS[3]], [_ROWS[0]] * 2, [_ROWS[2]], [_ROWS[0]]],
        [_TREES[1], "x", [], [], [_ROWS[1]], [_ROWS[0]]],
    ]


async def test_a_parent_that_stands_in_several_places_is_read_once() -> None:
    filled, sent = await _filled(_gap(0, 0, 1) * 3)
    assert filled == "0.1.0.0=x" * 3
    assert sent == [[_TREES[0], "x", [], [], [_ROWS[0]], [_ROWS[0]]]]


async def test_two_items_of_a_parent_are_two() -> None:
    filled, sent = await _filled(_gap(0, 1, 0, 2) + _gap(0, 1, 0, 3))
    assert filled == "0.0.1.2=x0.0.1.3=x"
    assert sent == [[_TREES[0], "x", [_ROWS[1]] * 2, [_ROWS[2], _ROWS[3]], [], []]]
