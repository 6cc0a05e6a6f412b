"""The marks that Strawberry's declarations left on the schema of graphql-core."""

from collections.abc import Sequence


def directives_of(element: object) -> Sequence[object]:
    """The directives of a type or a field; none where it was not declared with Strawberry."""
    extensions = getattr(element, "extensions", {})
    definition = extensions.get("strawberry-definition")
    return getattr(definition, "directives", None) or ()
