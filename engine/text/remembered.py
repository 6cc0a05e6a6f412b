"""Functions of one text that clients choose: their latest answers are kept, of short texts alone."""

import functools
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
S = TypeVar("S", str, bytes)

LONGEST = 256
"""Of a text whose answer is kept, in characters or bytes: what clients send again and again is shorter."""


class Remembered(Generic[S, T]):
    """A function that keeps its `most` latest answers.

    What it keeps is bounded whatever is sent: `most` texts of at most LONGEST characters, which are at most
    four bytes each, and their answers, which must not be longer than a few times their texts.
    """

    def __init__(self, function: Callable[[S], T], most: int) -> None:
        functools.update_wrapper(self, function)
        self._function: Callable[[S], T] = function
        self._kept = functools.lru_cache(maxsize=most)(function)

    def __call__(self, text: S) -> T:
        return self._kept(text) if len(text) <= LONGEST else self._function(text)

    def __len__(self) -> int:
        """How many answers are kept."""
        return self._kept.cache_info().currsize


def remembered(most: int) -> Callable[[Callable[[S], T]], Remembered[S, T]]:
    """A decorator for such a function; `most`: how many answers are kept."""
    return lambda function: Remembered(function, most)
