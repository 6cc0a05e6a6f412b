"""Fragments: pieces of SQL that are written once, and put into the statements of all documents.

A fragment's text has tokens where a use has its own: the parent's rows, values, the size of a page, the
columns that are asked for. Everything else is text already.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, BindParameter

STAND_IN = "parent$"
"""The name of the stand-in for the parent's rows."""

OWN = "own"
"""The number of the fragment's own list of columns."""

PLACES = r"parent\$\.(\"?\w+\"?)|once\$(\d+)\$|list\$(\w+)\$|size\$(\d+)\$|%\((\w+)\)s"
"""A column of the parent's, what is computed once for the parent's row, columns that a sub-select shows, the
page's size and so many more, a value."""

Arguments = Mapping[str, Any]

_BYTES_OF_A_BIND = 2_000
_BYTES_OF_A_COLUMN = 300


@dataclass(frozen=True)
class Column:
    """A column of a sub-select. `needs`: the columns of others that it is made of, by their lists'
    numbers."""

    text: str
    needs: Mapping[int, frozenset[str]]


@dataclass(frozen=True, eq=False)
class Fragment:
    """A SELECT over the stand-in and its columns, or a value.

    `shown`: the SELECT's own columns; empty for a value, and for a SELECT that shows all of them anyway.
    `always`: those of them that it needs itself.
    `lists`: the columns of its sub-selects, in the order of their numbers. `needs`: those that it needs
    anyway.
    """

    text: str
    shown: Mapping[str, Column]
    always: frozenset[str]
    lists: tuple[Mapping[str, Column], ...]
    needs: Mapping[int, frozenset[str]]
    once: tuple["Fragment", ...]
    binds: Mapping[str, BindParameter[Any]]
    ctes: tuple[CTE, ...]

    @property
    def size(self) -> int:
        """Bytes of memory, about; the CTEs are other fragments' too."""
        columns = [self.shown, *self.lists]
        texts = sum(len(column.text) + _BYTES_OF_A_COLUMN for each in columns for column in each.values())
        inner = sum(fragment.size for fragment in self.once)
        return len(self.text) + _BYTES_OF_A_BIND * len(self.binds) + texts + inner

    def columns(self, asked: Collection[str]) -> Mapping[str, Sequence[Column]]:
        """What stands for the tokens of lists, so that these columns are shown."""
        own = [name for name in self.shown if name in asked or name in self.always]
        needs = dict(self.needs)
        for name in own:
            merge(needs, self.shown[name].needs)
        found = {
            str(number): [column for name, column in columns.items() if name in needs[number]]
            for number, columns in enumerate(self.lists)
            if number in needs
        }
        return found | {OWN: [self.shown[name] for name in own]}


def merge(found: dict[int, frozenset[str]], more: Mapping[int, frozenset[str]]) -> None:
    """Add what more is needed."""
    for number, names in more.items():
        found[number] = found.get(number, frozenset()) | names
