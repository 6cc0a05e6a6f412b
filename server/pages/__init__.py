"""The two pages for a browser: GraphiQL and the invitation. Their files are served under /assets/."""

from server.pages.files import assets
from server.pages.graphiql import DemoLogin, graphiql_page, read_own_operations, read_tabs
from server.pages.invitation import invitation_page, read_operations

__all__ = ["DemoLogin", "assets", "graphiql_page", "invitation_page", "likely_documents"]


def likely_documents() -> list[str]:
    """What the pages send."""
    own = (read_own_operations(), read_operations())
    return [*(tab.query for tab in read_tabs()), *(query for each in own for query in each.values())]
