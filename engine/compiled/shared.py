"""Expressions of a statement that stand in several places and are computed once."""

import re
from collections.abc import Container
from dataclasses import dataclass

_SHARED = re.compile("\x1e(\\d+)\x1f")


@dataclass
class _Shared:
    """An expression over a row, how often it is used, and the column that holds it."""

    text: str
    uses: int = 0
    column: str | None = None


class Shared:
    """The expressions over the rows of one statement that several fields may use. A token stands for each
    until it is known how many do."""

    def __init__(self) -> None:
        self._all: list[_Shared] = []

    def add(self, text: str) -> int:
        """A new expression's number."""
        self._all.append(_Shared(text))
        return len(self._all) - 1

    def token(self, number: int) -> str:
        """What stands for the expression in one more place."""
        self._all[number].uses += 1
        return f"\x1e{number}\x1f"

    def is_used_again(self, number: int) -> bool:
        """Whether it stands in several places."""
        return self._all[number].uses > 1

    def keep(self, number: int, column: str) -> str:
        """The expression, which this column holds from now on."""
        self._all[number].column = column
        return self._all[number].text

    def inside(self, number: int) -> set[int]:
        """The expressions that stand in this one."""
        found = {int(inner) for inner in _SHARED.findall(self._all[number].text)}
        return found.union(*(self.inside(inner) for inner in found))

    def written(self, text: str, numbers: Container[int]) -> str:
        """The text with what the tokens of these stand for."""

        def put(found: re.Match[str]) -> str:
            number = int(found[1])
            if number not in numbers:
                return found[0]
            known = self._all[number]
            return self.written(known.text, numbers) if known.column is None else known.column

        return _SHARED.sub(put, text)
