"""The pages for a browser: GraphiQL, and those for people: invitations, signing in and what belongs to it.

Their files are served under /assets/.
"""

from server.pages.files import assets
from server.pages.graphiql import DemoLogin, graphiql_page, read_own_operations, read_tabs
from server.pages.people import PAGES, Surroundings, page_of_people, read_operations

__all__ = [
    "PAGES",
    "DemoLogin",
    "Surroundings",
    "assets",
    "documents_of_people",
    "graphiql_page",
    "likely_documents",
    "page_of_people",
]


def likely_documents() -> list[str]:
    """The GraphQL documents that the pages send."""
    return [*(tab.query for tab in read_tabs()), *read_own_operations().values(), *documents_of_people()]


def documents_of_people() -> list[str]:
    """Those of the pages for people, without GraphiQL."""
    own = {name: query for page in PAGES for name, query in read_operations(page).items()}
    return list(own.values())
