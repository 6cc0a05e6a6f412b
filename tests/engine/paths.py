"""The two ways in which a read is answered: compiled into one statement, or field by field."""

import enum


class Path(enum.Enum):
    """Which executor answers."""

    COMPILED = enum.auto()
    REFERENCE = enum.auto()

    def of(self, query: str) -> str:
        """The query, so that this executor answers it: introspection is never compiled."""
        if self is Path.COMPILED:
            return query
        head, brace, rest = query.partition("{")
        return f"{head}{brace} __schema {{ __typename }} {rest}"
