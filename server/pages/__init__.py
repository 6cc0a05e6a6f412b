"""The pages for a browser: GraphiQL, the invitation, and those behind links to a mailbox.

Their files are served under /assets/.
"""

from server.pages import mailbox
from server.pages.files import assets
from server.pages.graphiql import DemoLogin, graphiql_page, read_own_operations, read_tabs
from server.pages.invitation import invitation_page, read_operations
from server.pages.mailbox import mailbox_page

__all__ = ["DemoLogin", "assets", "graphiql_page", "invitation_page", "likely_documents", "mailbox_page"]


def likely_documents() -> list[str]:
    """The GraphQL documents that the pages send."""
    own = (read_own_operations(), read_operations(), read_operations(mailbox.OPERATIONS))
    return [*(tab.query for tab in read_tabs()), *(query for each in own for query in each.values())]
