"""Documents that a request names by their hash in place of their text: automatic persisted queries, as the
clients of Apollo and urql speak them.

A client sends the hash alone. If it is not known, the answer says so, and the client sends the hash with the
text once. The text is kept if it is valid, so a hash never leads to anything that was not checked.
"""

from collections.abc import Callable, Hashable
from hashlib import sha256
from typing import Protocol

from graphql import GraphQLError

from server.failures.errors import ErrorCode, RefusedRequestError
from server.graphql.held_texts import HeldTexts
from server.http.request import GraphQLRequest

Holder = Callable[[str | None, str], Hashable]
"""On whose account a text is kept, by the header Authorization and the network address of a request."""


class NamedDocuments(Protocol):
    """What turns the name of a document into its text."""

    def resolved(
        self, asked: GraphQLRequest, authorization: str | None, client_address: str
    ) -> GraphQLRequest:
        """The request with its text.

        Raises GraphQLError where the client shall send the text, and RefusedRequestError for what is not
        acceptable.
        """

    def keep(self, asked: GraphQLRequest, authorization: str | None, client_address: str) -> None:
        """Remember a request's text, which is valid."""


class PersistedQueries:
    """The NamedDocuments of one process: it keeps what its clients send."""

    def __init__(self, holder: Holder) -> None:
        self._holder = holder
        self._texts = HeldTexts()

    def resolved(
        self, asked: GraphQLRequest, authorization: str | None, client_address: str
    ) -> GraphQLRequest:
        if asked.document_id is None:
            return asked
        if asked.query:
            if sha256(asked.query.encode()).hexdigest() != asked.document_id:
                message = "The extension persistedQuery has a sha256Hash that is not the query's SHA-256."
                raise RefusedRequestError(ErrorCode.BAD_USER_INPUT, message)
            return asked
        text = self._texts.find(asked.document_id, self._holder(authorization, client_address))
        if text is None:
            # Clients compare this message or code, and then send the text.
            code = {"code": ErrorCode.PERSISTED_QUERY_NOT_FOUND}
            raise GraphQLError("PersistedQueryNotFound", extensions=code)
        return asked._replace(query=text)

    def keep(self, asked: GraphQLRequest, authorization: str | None, client_address: str) -> None:
        if asked.document_id is not None:
            holder = self._holder(authorization, client_address)
            self._texts.add(asked.document_id, asked.query, holder)
