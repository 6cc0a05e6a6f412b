"""The messages of the protocol graphql-transport-ws, as clients send them."""

from dataclasses import dataclass
from enum import IntEnum

from graphql import GraphQLError

from server.failures.errors import RefusedRequestError
from server.http.request import GraphQLRequest, decode_json, from_parameters

PROTOCOL = "graphql-transport-ws"

LONGEST_ID = 200
"""Characters of an operation's id, which the server sends back with each answer."""


class CloseCode(IntEnum):
    """Why the server closes a socket. The codes from 4400 on are the protocol's."""

    GOING_AWAY = 1001
    TRY_AGAIN_LATER = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INITIALISATION_TIMEOUT = 4408
    SUBSCRIBER_ALREADY_EXISTS = 4409
    TOO_MANY_INITIALISATION_REQUESTS = 4429
    INTERNAL_ERROR = 4500


class Closed(Exception):
    """The socket has to be closed."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Init:
    """`authorization`: as the header has it; None where none was given."""

    authorization: str | None


@dataclass(frozen=True)
class Ping:
    """Asks for a Pong."""


@dataclass(frozen=True)
class Pong:
    """Answers a Ping, or comes by itself."""


@dataclass(frozen=True)
class Subscribe:
    """`request`: an error where that refuses the operation alone."""

    id: str
    request: GraphQLRequest | GraphQLError


@dataclass(frozen=True)
class Complete:
    """The client wants no more of the operation."""

    id: str


Message = Init | Ping | Pong | Subscribe | Complete


def read(text: str) -> Message:
    """The message. Raises Closed, 4400, for what is none."""
    try:
        value = decode_json("The message", text.encode())
    except RefusedRequestError as refused:
        raise _bad(refused.failure.message) from refused
    except UnicodeEncodeError as error:
        raise _bad("The message is not valid Unicode.") from error
    if not isinstance(value, dict):
        raise _bad("A message is a JSON object.")
    match value.get("type"):
        case "connection_init":
            return Init(_authorization(_payload(value)))
        case "ping":
            _payload(value)
            return Ping()
        case "pong":
            _payload(value)
            return Pong()
        case "subscribe":
            return Subscribe(_id(value), _request(value))
        case "complete":
            return Complete(_id(value))
    raise _bad("The message has no type that the server knows.")


def _bad(reason: str) -> Closed:
    return Closed(CloseCode.BAD_REQUEST, reason)


def _payload(message: dict[str, object]) -> dict[str, object]:
    payload = message.get("payload")
    if payload is None:
        return {}
    if not isinstance(payload, dict):
        raise _bad("A payload is a JSON object.")
    return payload


def _authorization(payload: dict[str, object]) -> str | None:
    """Clients send the header's value under its name, in any case, or the token alone."""
    for name, value in payload.items():
        if name.lower() == "authorization" and isinstance(value, str):
            return value
    token = payload.get("token")
    return f"Bearer {token}" if isinstance(token, str) else None


def _id(message: dict[str, object]) -> str:
    id_ = message.get("id")
    if not isinstance(id_, str) or not 0 < len(id_) <= LONGEST_ID:
        raise _bad(f"An id is a string of 1 to {LONGEST_ID} characters.")
    return id_


def _request(message: dict[str, object]) -> GraphQLRequest | GraphQLError:
    payload = message.get("payload")
    if not isinstance(payload, dict):
        raise _bad("The payload of `subscribe` is a JSON object.")
    try:
        return from_parameters(payload)
    except RefusedRequestError as refused:
        raise _bad(refused.failure.message) from refused
    except GraphQLError as error:
        return error
