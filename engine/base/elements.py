"""Looking through a statement's elements."""

from collections import deque
from collections.abc import Iterator

from sqlalchemy import ClauseElement
from sqlalchemy.sql.visitors import ExternallyTraversible


def elements_of(*roots: ClauseElement) -> Iterator[ExternallyTraversible]:
    """Each element that the roots are made of, once, the roots included; nearer ones first.

    SQLAlchemy's own `iterate` yields a CTE, and all below it, as often as it is used: 300,000 elements for a
    field whose statement has 3,000.
    """
    seen: dict[int, ExternallyTraversible] = {}
    waiting: deque[ExternallyTraversible] = deque(roots)
    while waiting:
        element = waiting.popleft()
        if id(element) in seen:
            continue
        # Kept, not only its id: what is made while looking must not be replaced by another under the same id.
        seen[id(element)] = element
        yield element
        waiting.extend(element.get_children())
