"""The directives of Strawberry's declarations, found again in the schema of graphql-core."""

from collections.abc import Sequence


def directives_of(element: object) -> Sequence[object]:
    """The directives of a type or field; empty if it was not declared with Strawberry."""
    extensions = getattr(element, "extensions", {})
    definition = extensions.get("strawberry-definition")
    return getattr(definition, "directives", None) or ()
