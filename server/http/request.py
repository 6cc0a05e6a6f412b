"""Reads a GraphQL request from an HTTP request. It is strict: attackers send what a lenient reader
guesses."""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, NoReturn, TypeGuard
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from authz.policy.refusals import Refusal
from authz.wall.freshness import Revision
from engine.reference.large_lists import TakenList
from engine.text.remembered import remembered
from resolvers.inputs.text import short_text
from server.failures.errors import ErrorCode, RefusedRequestError
from server.http.byte_budget import BODIES
from server.http.min_revision import HEADER as MIN_REVISION

BODY_LIMIT = 1_000_000
"""The longest body, in bytes."""

LARGE_BODY_LIMIT = 4_000_000
"""The same where a large list is in it (see `server.graphql.endpoint`)."""

DEPTH_LIMIT = 100
"""How many JSON arrays and objects may stand inside each other."""

CONTAINER_LIMIT = 20_000
"""How many of them there may be in all: each costs time, and a body has room for hundreds of thousands."""

_SMALLEST_INTEGER = -(2**63)
_LARGEST_INTEGER = 2**63 - 1
_DIGITS = bytes(ord("0") if chr(byte) in "0123456789" else ord(" ") for byte in range(256))
_AS_LONG_AS_THE_LARGEST = b"0" * 19
"""A text may hold an integer as long as that where it holds this, once its digits are zeros."""
_END_OF_A_KEY = re.compile(rb'"[ \t\r\n]*:')
"""Found once for each key of a JSON text, and sometimes inside of a string."""
_LARGEST_PARAMETER_COUNT = 20
_MIN_REVISION = MIN_REVISION.lower().encode()


EVENT_STREAM = "text/event-stream"
"""Accepted by those who subscribe over HTTP."""


class GraphQLRequest(NamedTuple):
    """One operation, as the client asks for it."""

    query: str
    operation_name: str | None
    variables: dict[str, object]
    reason: str | None = None
    """Why, for the logs of what it changes: the request's `extensions.reason`."""
    min_revision: Revision | None = None
    """The change that the answer has to contain."""
    size: int = 0
    """Of its body in bytes."""
    large_lists: Sequence[TakenList] = ()
    """What was taken out of the variables, to be read by itself."""
    user_agent: str | None = None
    """What the client calls itself."""
    fresh: bool = False
    """Whether the primary has to answer: a replica may not have the change yet that it was asked for."""
    document_id: str | None = None
    """The document by its hash or another name, `extensions.persistedQuery`; the query is empty if the client
    sent this alone."""


@dataclass(slots=True)
class RequestHead:
    """The parts of an HTTP request's head that matter, read in one pass over the headers."""

    method: str
    query_string: bytes
    client_address: str
    """An IP address; empty on a unix socket."""
    accept: str = ""
    content_type: str | None = None
    """None without one, and where there are several."""
    content_encoding: str | None = None
    authorization: str | None = None
    user_agent: str | None = None
    revisions: tuple[str, ...] = ()
    """Each value of X-Authz-Min-Revision (see `server.http.min_revision`)."""

    @property
    def accepts_stream(self) -> bool:
        """Whether the answer may be an event stream."""
        return EVENT_STREAM in self.accept.lower()

    @classmethod
    def of(cls, scope: Scope) -> "RequestHead":
        """The head of a request."""
        client = scope["client"]
        head = cls(scope["method"], scope["query_string"], client[0] if client else "")
        accepts, content_types = [], []
        for name, value in scope["headers"]:
            if name == b"accept":
                accepts.append(value.decode("latin-1"))
            elif name == b"content-type":
                content_types.append(value.decode("latin-1"))
            elif name == b"authorization":
                # Two are no form of one token: the whole is refused, as what can be no token.
                more = "" if head.authorization is None else f"{head.authorization}, "
                head.authorization = more + value.decode("latin-1")
            elif name == _MIN_REVISION:
                head.revisions += (value.decode("latin-1"),)
            elif name == b"user-agent":
                head.user_agent = value.decode("latin-1")
            elif name == b"content-encoding":
                head.content_encoding = value.decode("latin-1")
        head.accept = ", ".join(accepts)
        if len(content_types) == 1:
            head.content_type = content_types[0]
        return head


async def read_post(head: RequestHead, receive: Receive) -> GraphQLRequest:
    """The GraphQL request in the body of a POST.

    Raises RefusedRequestError: 415 if the body is not declared as JSON or is compressed, 413 if it is longer
    than LARGE_BODY_LIMIT, 400 if it is not a well-formed GraphQL request; Busy where too many bodies are held
    that have not come whole; ClientDisconnect.
    """
    check_encoding(head)
    if head.content_type is None or not _is_json(head.content_type):
        message = "Send the request as application/json, encoded in UTF-8."
        raise RefusedRequestError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, message)
    body = await read_body(receive, head.client_address, LARGE_BODY_LIMIT)
    if len(body) <= BODY_LIMIT:
        return _from_body(body)
    try:
        return await asyncio.to_thread(_from_body, body)
    except RefusedRequestError:
        refuse_longer(len(body))  # whatever else is wrong with it
        raise


def _from_body(body: bytes) -> GraphQLRequest:
    parameters = decode_json("The body", body)
    if not _is_object(parameters):
        _refuse("The body must be a JSON object; there are no batches.")
    return from_parameters(parameters)._replace(size=len(body))


def refuse_longer(size: int, limit: int = BODY_LIMIT) -> None:
    """Raise RefusedRequestError, 413, for a body of more bytes than the limit."""
    if size > limit:
        raise RefusedRequestError(ErrorCode.PAYLOAD_TOO_LARGE, f"The body is longer than {limit} bytes.")


def read_get(head: RequestHead) -> GraphQLRequest:
    """The GraphQL request in the query string of a GET; a parameter without a value counts as missing.

    Raises RefusedRequestError: 400 if it is not a well-formed GraphQL request.
    """
    try:
        text = head.query_string.decode("ascii")
        pairs = parse_qsl(text, errors="strict", max_num_fields=_LARGEST_PARAMETER_COUNT)
    except ValueError:
        _refuse("The query string is not valid.")
    texts = dict(pairs)
    if len(texts) < len(pairs):
        _refuse("A parameter of the query string is given twice.")
    parameters: dict[str, object] = dict(texts)
    for name in ("variables", "extensions"):
        if name in texts:
            parameters[name] = decode_json(f"The parameter {name}", texts[name].encode())
    return from_parameters(parameters)


def decode_json(what: str, text: bytes) -> object:
    """The value of a JSON text in UTF-8: integers of 64 bits, a limited depth, no key twice in an object.

    Raises RefusedRequestError, 400, with `what` as the subject of its sentence.
    """
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        _refuse(f"{what} is not valid JSON: {error}.")
    # It has at least as many brackets as it is deep: most have fewer than are allowed.
    if text.count(b"{") + text.count(b"[") > DEPTH_LIMIT:
        _check_nesting(what, value)
    # orjson makes an inexact float of an integer that is too long, so a text that may hold one is read again.
    # It refuses the ones of 309 digits and more itself; Python would take up to 4,300.
    if _AS_LONG_AS_THE_LARGEST in text.translate(_DIGITS):
        json.loads(text, parse_int=_refuse_long_integer)
    # orjson keeps the last value of a key that stands twice; a proxy before the server may read the first.
    if len(_END_OF_A_KEY.findall(text)) != _number_of_keys(value):
        json.loads(text, object_pairs_hook=partial(_refuse_twice, what))
    return value


async def read_body(receive: Receive, client_address: str, limit: int = BODY_LIMIT) -> bytes:
    """The whole body. Raises RefusedRequestError, 413, for one that is longer than the limit, Busy where too
    many are held that have not come whole, and ClientDisconnect."""
    piece, more = await next_piece(receive)
    if not more and len(piece) <= limit:
        return piece
    body = bytearray(piece)
    with BODIES.holding(client_address) as held:
        while more and len(body) <= limit:
            held.grow(len(piece))
            piece, more = await next_piece(receive)
            body += piece
    refuse_longer(len(body), limit)
    return bytes(body)


def check_encoding(head: RequestHead) -> None:
    """Raises RefusedRequestError, 415, for a body that is compressed: what it becomes would have no bound."""
    if head.content_encoding is not None and head.content_encoding.strip().lower() not in {"", "identity"}:
        message = "Send the body as it is, without Content-Encoding."
        headers = {"accept-encoding": "identity"}
        raise RefusedRequestError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, message, headers)


async def next_piece(receive: Receive) -> tuple[bytes, bool]:
    """The next piece of the body, and whether more of it follows."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


@remembered(256)
def _is_json(content_type: str) -> bool:
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    return media_type == "application/json" and all(
        parameter in {"", "charset=utf-8", 'charset="utf-8"'} for parameter in parameters
    )


def _check_nesting(what: str, value: object) -> None:
    # In comprehensions, without a call for each value: a body may hold hundreds of thousands.
    level, found = [value] if isinstance(value, (dict, list)) else [], 0
    for _ in range(DEPTH_LIMIT):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        found += len(level)
        if not level:
            return
        if found > CONTAINER_LIMIT:
            _refuse(f"{what} holds more than {CONTAINER_LIMIT} objects and lists.")
    _refuse(f"{what} has more than {DEPTH_LIMIT} objects and lists inside each other.")


def _number_of_keys(value: object) -> int:
    """Of all objects in a JSON value together."""
    keys, containers = 0, [value]
    for each in containers:  # which grows meanwhile
        inner: Iterable[object] = ()
        if isinstance(each, dict):
            keys += len(each)
            inner = each.values()
        elif isinstance(each, list):
            inner = each
        containers += [one for one in inner if isinstance(one, (dict, list))]
    return keys


def _refuse_twice(what: str, pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) < len(pairs):
        _refuse(f"{what} has an object with one key twice.")


def _refuse_long_integer(digits: str) -> None:
    if not _SMALLEST_INTEGER <= int(digits) <= _LARGEST_INTEGER:
        _refuse("An integer is out of the range of 64 bits; send it as a string.")


def from_parameters(parameters: Mapping[str, object]) -> GraphQLRequest:
    """The request of such parameters. Raises RefusedRequestError where they are none, and GraphQLError for a
    persisted query."""
    query, extensions = parameters.get("query"), _object_or_null("extensions", parameters)
    document_id = _document_id(extensions)
    if query is None and document_id is not None:
        query = ""
    if not isinstance(query, str):
        _refuse("The parameter query is missing or not a string.")
    operation_name = parameters.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        _refuse("The parameter operationName must be a string or null.")
    variables = _object_or_null("variables", parameters)
    reason = _reason(extensions)
    return GraphQLRequest(query, operation_name, variables, reason, document_id=document_id)


def _document_id(extensions: Mapping[str, object]) -> str | None:
    persisted = _object_or_null("persistedQuery", extensions)
    if not persisted:
        return None
    version, name = persisted.get("version"), persisted.get("sha256Hash")
    if version is True or version != 1:
        _refuse("The extension persistedQuery has a version other than 1.")
    if not isinstance(name, str) or not name:
        _refuse("The extension persistedQuery has no sha256Hash, which is a string.")
    return name


def _reason(extensions: Mapping[str, object]) -> str | None:
    reason = extensions.get("reason")
    if reason is None:
        return None
    if not isinstance(reason, str):
        _refuse("The extension reason must be a string or null.")
    try:
        return short_text(reason, "reason")
    except Refusal as refusal:
        _refuse(f"The extension reason is not acceptable: {refusal.message}")


def _object_or_null(name: str, parameters: Mapping[str, object]) -> dict[str, object]:
    value = parameters.get(name)
    if value is None:
        return {}
    if not _is_object(value):
        _refuse(f"The parameter {name} must be an object or null.")
    return value


def _is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)  # JSON has no keys but strings


def _refuse(message: str) -> NoReturn:
    raise RefusedRequestError(ErrorCode.BAD_USER_INPUT, message)
