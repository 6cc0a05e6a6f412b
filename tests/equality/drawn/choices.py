"""What one example chooses."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_ALPHABETS = (
    "ab",
    "aZ09 ",
    "\"'\\{}$",
    "\t\n\r\x01\x1f\x7f",
    "éßİıſΩж",
    "🦊🏳️‍🌈\u2028\u200f\ufffd\uffff\U0010ffff",
)


class Choices:
    """Made by a seed of Hypothesis's: what Hypothesis draws piece by piece is mostly small and alike, and
    small documents are not where executors differ."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def chance(self, percent: int) -> bool:
        """Yes, in so many of a hundred cases."""
        return self._random.randrange(100) < percent

    def pick(self, options: Sequence[T]) -> T:
        """One of them."""
        return self._random.choice(options)

    def some(self, options: Sequence[T], least: int, most: int) -> list[T]:
        """So many of them, in any order, each once; fewer where there are not enough."""
        count = self._random.randint(min(least, len(options)), min(most, len(options)))
        return self._random.sample(options, count)

    def text(self) -> str:
        """Any text that a client may send."""
        alphabet = self.pick(_ALPHABETS)
        return "".join(self.pick(alphabet) for _ in range(self._random.randrange(4)))
