"""A server that runs the documents of a list, and no others."""

from collections.abc import Iterable

from server.failures.errors import ErrorCode, RefusedRequestError
from server.graphql.manifest import ListedDocument
from server.http.request import GraphQLRequest

_MESSAGE = (
    "This server runs only the documents that its operator has listed. Send the id of one, as sha256Hash of "
    "the extension persistedQuery, or exactly its text."
)
_OF_ANOTHER = (
    "The extension persistedQuery has a sha256Hash that is the id of another document than the text."
)


class TrustedDocuments:
    """The NamedDocuments of a list: by their ids, or by their exact text. `own`: texts that the server's
    pages for people send."""

    def __init__(self, listed: Iterable[ListedDocument], own: Iterable[str]) -> None:
        self._texts = {each.id: each.text for each in listed}
        self._trusted = frozenset((*self._texts.values(), *own))

    def resolved(
        self, asked: GraphQLRequest, authorization: str | None, client_address: str
    ) -> GraphQLRequest:
        """The request with its text. Raises RefusedRequestError for what is not listed, and for a text that
        comes with the id of another."""
        named = self._texts.get(asked.document_id or "")
        text = asked.query or named
        if text not in self._trusted:
            raise RefusedRequestError(ErrorCode.DOCUMENT_NOT_TRUSTED, _MESSAGE)
        if named is not None and named != text:
            raise RefusedRequestError(ErrorCode.BAD_USER_INPUT, _OF_ANOTHER)
        return asked._replace(query=text)

    def keep(self, asked: GraphQLRequest, authorization: str | None, client_address: str) -> None:
        """Nothing: the list stays as it is."""
