"""A cache of what is built once for a field and arguments of one shape.

A value is built with an `Argument` in place of each value that is bound later, so it serves other values too.
"""

import threading
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from engine.base.kept import Kept
from engine.declare.arguments import hashable, opened
from engine.declare.declarations import SqlField

_BYTES_OF_A_CHARACTER = 8
"""For each that the arguments are written with."""


class Sized(Protocol):
    """A value that knows how much memory it takes."""

    @property
    def size(self) -> int:
        """Bytes, about."""


V = TypeVar("V", bound=Sized)


class FieldCache(Generic[V]):
    """At most `most` bytes of such values, for all fields together. Threads may share it."""

    def __init__(self, most: int) -> None:
        self._kept: Kept[Hashable, V] = Kept(most)
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes of all that is kept."""
        return self._kept.size

    def get(
        self, field: SqlField, what: Hashable, given: Mapping[str, Any], make: Callable[[dict[str, Any]], V]
    ) -> V:
        """The value for arguments of the shape of these. `what` distinguishes it from the field's others.
        `make` gets the arguments with an Argument for each that is bound later."""
        shape = opened(given)
        arguments = tuple((name, hashable(value)) for name, value in shape.items())
        key = (field, what, arguments)
        with self._lock:
            found = self._kept.get(key)
        if found is None:
            found = make(shape)
            with self._lock:
                self._kept.add(key, found, found.size + _BYTES_OF_A_CHARACTER * len(repr(arguments)))
        return found
