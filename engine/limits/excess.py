"""The refusal of a document that exceeds a limit."""

from graphql import GraphQLError


def refuse_beyond(what: str, found: int, limit: int) -> None:
    """Raise COST_EXCEEDED if a document has more of something than the limit."""
    if found > limit:
        raise too_large(f"more than {limit} {what}")


def too_large(why: str) -> GraphQLError:
    """COST_EXCEEDED, with the reason."""
    return GraphQLError(f"The document is too large: {why}.", extensions={"code": "COST_EXCEEDED"})
