"""Walks the elements of a statement."""

from collections import deque
from collections.abc import Iterator

from sqlalchemy import ClauseElement
from sqlalchemy.sql.visitors import ExternallyTraversible


def elements_of(*roots: ClauseElement) -> Iterator[ExternallyTraversible]:
    """Each element of the roots once, the roots included, breadth first.

    SQLAlchemy's own `iterate` yields a CTE and its children once for each use: 300,000 elements for a
    statement that has 3,000.
    """
    seen: dict[int, ExternallyTraversible] = {}
    waiting: deque[ExternallyTraversible] = deque(roots)
    while waiting:
        element = waiting.popleft()
        if id(element) in seen:
            continue
        # The element itself is kept: an element that is made during the walk must not take a freed id.
        seen[id(element)] = element
        yield element
        waiting.extend(element.get_children())
