"""The two pages for a browser: GraphiQL and the invitation. Their files are served under /assets/."""

from server.pages.files import assets
from server.pages.graphiql import graphiql_page
from server.pages.invitation import invitation_page

__all__ = ["assets", "graphiql_page", "invitation_page"]
