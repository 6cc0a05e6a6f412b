"""A query whose statements are counted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """A query with `$id` or `$ids`, and how many statements the reference executor takes for it."""

    query: str
    statements: int


def of_accounts(selection: str, statements: int) -> Shape:
    """Inside of each account of the viewer's list, which itself takes three statements."""
    return Shape(f"{{ viewer {{ accounts(first: 100) {{ nodes {{ {selection} }} }} }} }}", 3 + statements)
