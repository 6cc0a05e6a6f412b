"""GET /contacts: the contacts of an account, or of one of its lists, as CSV.

    GET /contacts?accountId=acct_...
    GET /contacts?contactListId=clst_...

It asks the API itself, page by page, so that rights, refusals and their codes are the same, and a right that
ends on the way ends the file. A cell that a spreadsheet would take for a formula begins with an apostrophe,
which an import removes.
"""

import asyncio
import csv
import io
import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import graphql
import structlog
from graphql import DocumentNode, GraphQLError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from authz.policy.refusals import RateLimited, Refusal, RefusalCode
from resolvers.contacts.cells import OWN_COLUMNS, column_of, escaped
from server.exports.failures import told
from server.failures.errors import RefusedRequestError
from server.graphql.asking import data_of
from server.graphql.endpoint import RunOperation
from server.graphql.response import failure_response
from server.http.media_types import MediaType
from server.http.request import RequestHead
from server.logs.broken_off import BrokenOff
from server.logs.request_log import log_codes
from server.uploads.requests import parameters_of

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_PAGE = 500
_MOST_WAITS = 5
"""For one page."""
_FIELDS = """
nodes { externalId email phoneCanonical attributes source createdAt } pageInfo { hasNextPage endCursor }
"""
_OF_ACCOUNT = f"""
query ContactsOfAccount($id: ID!, $after: String) {{ account(id: $id) {{
  contactAttributes {{ name }} contacts(first: {_PAGE}, after: $after) {{ {_FIELDS} }}
}} }}
"""
_OF_LIST = f"""
query ContactsOfList($id: ID!, $account: ID!, $after: String) {{
  account(id: $account) {{ contactAttributes {{ name }} }}
  node(id: $id) {{ ... on ContactList {{ contacts(first: {_PAGE}, after: $after) {{ {_FIELDS} }} }} }}
}}
"""
_DOCUMENTS = {text: graphql.parse(text) for text in (_OF_ACCOUNT, _OF_LIST)}
_PARAMETERS = ("accountId", "contactListId")
_MESSAGE = "The query string names either accountId or contactListId."
_HEADERS = {
    "content-disposition": 'attachment; filename="contacts.csv"',
    "cache-control": "private, no-store",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True)
class _Asked:
    """What is exported, for whom."""

    query: str
    variables: dict[str, object]
    head: RequestHead

    @property
    def document(self) -> DocumentNode:
        """The query, parsed."""
        return _DOCUMENTS[self.query]


@dataclass(frozen=True)
class _Page:
    """A page of contacts, and the names of the account's attributes."""

    attributes: list[str]
    nodes: list[dict[str, Any]]
    next: str | None


class ContactsExport:
    """An endpoint for GET."""

    def __init__(self, run: RunOperation) -> None:
        self._run = run

    async def respond(self, request: Request) -> Response:
        """The file. What is refused before its first row is answered as the API answers it."""
        try:
            asked = _asked(RequestHead.of(request.scope))
            first = await self._page(asked, None)
        except RefusedRequestError as refusal:
            return failure_response(refusal.failure, MediaType.JSON, refusal.headers)
        except Exception as error:
            return failure_response(told(error), MediaType.JSON)
        return StreamingResponse(self._rows(asked, first), headers=_HEADERS, media_type="text/csv")

    async def _rows(self, asked: _Asked, first: _Page) -> AsyncIterator[bytes]:
        columns = first.attributes
        own, last = OWN_COLUMNS[:3], OWN_COLUMNS[3:]
        yield _written([[*own, *(escaped(column_of(name)) for name in columns), *last]])
        page = first
        while True:
            if page.nodes:
                yield _written([_cells(node, columns) for node in page.nodes])
            if page.next is None:
                return
            try:
                page = await self._next_page(asked, page.next)
            except Exception as error:
                failure = told(error)
                log_codes([failure.code])
                _log.warning("export broken off", code=str(failure.code))
                raise BrokenOff from error

    async def _next_page(self, asked: _Asked, after: str) -> _Page:
        """A file that has begun waits until its caller may ask for more, as it cannot be refused any more."""
        for _ in range(_MOST_WAITS):
            try:
                return await self._page(asked, after)
            except RateLimited as refusal:
                await asyncio.sleep(refusal.retry_after)
        return await self._page(asked, after)

    async def _page(self, asked: _Asked, after: str | None) -> _Page:
        """Raises what the API answers instead."""
        variables = {**asked.variables, "after": after}
        data = await data_of(self._run, asked.query, asked.document, variables, asked.head)
        holder = data["node"] if "node" in data else data["account"]
        if not holder:
            raise GraphQLError("There is no such list.", extensions={"code": RefusalCode.NOT_FOUND.name})
        found, info = holder["contacts"], holder["contacts"]["pageInfo"]
        attributes = [each["name"] for each in data["account"]["contactAttributes"]]
        return _Page(attributes, found["nodes"], info["endCursor"] if info["hasNextPage"] else None)


def _asked(head: RequestHead) -> _Asked:
    given = parameters_of(head, _PARAMETERS, _MESSAGE)
    if len(given) != 1:
        raise Refusal(RefusalCode.BAD_USER_INPUT, _MESSAGE)
    if "accountId" in given:
        return _Asked(_OF_ACCOUNT, {"id": given["accountId"]}, head)
    list_id = given["contactListId"]
    account = f"acct_{list_id.removeprefix('clst_').partition('_')[0]}"
    return _Asked(_OF_LIST, {"id": list_id, "account": account}, head)


def _cells(node: dict[str, Any], attributes: Sequence[str]) -> list[str]:
    values = [node["attributes"].get(name) for name in attributes]
    own = [_text(node["externalId"]), _text(node["email"]), node["phoneCanonical"] or ""]
    return [*own, *map(_text, values), _text(node["source"]), node["createdAt"]]


def _text(value: object) -> str:
    """A cell that no spreadsheet computes."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float() if math.isfinite(value):
            return repr(value)
    return escaped(str(value))


def _written(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
