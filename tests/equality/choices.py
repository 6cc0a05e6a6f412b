"""Hypothesis's draws, as short words."""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")

_PERCENT = st.integers(0, 99)


class Choices:
    """What one example chooses. Each choice shrinks towards no, and towards the first option."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def chance(self, percent: int) -> bool:
        """Yes, in so many of a hundred cases."""
        return self._draw(_PERCENT) >= 100 - percent

    def pick(self, options: Sequence[T]) -> T:
        """One of them."""
        return self._draw(st.sampled_from(options))

    def some(self, options: Sequence[T], least: int, most: int) -> list[T]:
        """So many of them, in any order, each once; fewer where there are not enough."""
        left = list(options)
        count = self._draw(st.integers(min(least, len(left)), min(most, len(left))))
        return [left.pop(self._draw(st.integers(0, len(left) - 1))) for _ in range(count)]

    def text(self) -> str:
        """Any text that a client may send."""
        return self._draw(_TEXT)


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6)
