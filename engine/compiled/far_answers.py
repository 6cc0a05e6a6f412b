"""Answers with gaps, which far statements fill (see `engine.declare.far`).

Where a far field stands the statement writes what no JSON text can hold: a raw 0x03, the parent's tree, id
and item, the field's number and a semicolon. One far statement for each tree gives the texts for all of the
tree's parents and fields. An answer without that byte needs none.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.compiled.sql_text import Prepared
from engine.declare.far import TREE_VALUE

GAP = b"\x03"
_END = b";"
_ID = 36
"""Characters of a UUID."""
_IDS = 3 * _ID

Ask = Callable[[str, Sequence[Any]], Awaitable[Sequence[Any] | None]]
"""Sends a far statement with its values and returns its only row."""


class Parent(NamedTuple):
    """A parent in its tree."""

    row: str
    item: str


def gap(number: int, tree: str, parent: Parent) -> str:
    """What stands for the far field of this number, of a parent that is given by expressions."""
    return f"concat(E'\\x03', {tree}, {parent.row}, {parent.item}, '{number};')"


def parent_names(number: int) -> Parent:
    """The names of the parameters with the parents of the far field of this number."""
    return Parent(f"far_rows_{number}", f"far_items_{number}")


@dataclass(frozen=True)
class _Later:
    """A value that differs from tree to tree, by its name."""

    name: str


@dataclass(frozen=True)
class FarPlan:
    """The far statement of an answer: for a tree, and for each of so many fields the parents in it, it gives
    an array of texts as bytes, field by field."""

    statement: Prepared
    fields: int

    def read(self, variables: Mapping[str, Any]) -> "FarRead":
        """The statement with a request's values. Raises what a client's value makes its `convert` raise."""
        names = [name for field in range(self.fields) for name in parent_names(field)]
        later = {name: _Later(name) for name in (TREE_VALUE, *names)}
        return FarRead(self, self.statement.bound(variables, later))


@dataclass(frozen=True)
class FarRead:
    """The far statement of one request, for any tree."""

    plan: FarPlan
    values: Sequence[Any]

    async def fill(self, answer: bytes, ask: Ask) -> bytes:
        """The answer with texts in its gaps. Raises what `ask` raises."""
        gaps = _Gaps(answer, self.plan.fields)
        for tree, parents in gaps.parents.items():
            row = await ask(self.plan.statement.sql, self._values(tree, parents))
            if row is None or row[0] is None:
                raise AssertionError("a tree that was named lets its statement in")
            gaps.fill(tree, row[0])
        return gaps.filled()

    def _values(self, tree: str, parents: Sequence[Mapping[Parent, None]]) -> list[Any]:
        now: dict[str, Any] = {TREE_VALUE: tree}
        for field, asking in enumerate(parents):
            rows, items = parent_names(field)
            now |= {rows: [parent.row for parent in asking], items: [parent.item for parent in asking]}
        return [now[value.name] if isinstance(value, _Later) else value for value in self.values]


class _Gaps:
    """The gaps of an answer. `parents`: for each tree, and each field, the parents that ask for it, once."""

    def __init__(self, answer: bytes, fields: int) -> None:
        first, *rest = answer.split(GAP)
        self._between = [first]
        self._places: list[tuple[str, int, Parent]] = []
        self._texts: dict[tuple[str, int, Parent], bytes] = {}
        self.parents: dict[str, list[dict[Parent, None]]] = {}
        for piece in rest:
            end = piece.index(_END, _IDS)
            tree, row, item = (piece[start : start + _ID].decode() for start in range(0, _IDS, _ID))
            parent = Parent(row, item)
            field = int(piece[_IDS:end])
            if tree not in self.parents:
                self.parents[tree] = [{} for _ in range(fields)]
            self.parents[tree][field][parent] = None
            self._places.append((tree, field, parent))
            self._between.append(piece[end + len(_END) :])

    def fill(self, tree: str, texts: Sequence[bytes]) -> None:
        """The texts of the tree's gaps, in the order of `parents`."""
        places = [
            (tree, field, parent) for field, asking in enumerate(self.parents[tree]) for parent in asking
        ]
        self._texts.update(zip(places, texts, strict=True))

    def filled(self) -> bytes:
        """The answer, once all gaps are filled."""
        first, *rest = self._between
        pieces = [first]
        for place, text in zip(self._places, rest, strict=True):
            pieces += (self._texts[place], text)
        return b"".join(pieces)
