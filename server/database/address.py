"""The servers that an address of PostgreSQL names: one, or several in libpq's form.

`postgresql://user:password@a:5432,b:5432/database?target_session_attrs=primary` names two, of which the one
that takes writes is looked for; `postgresql:///database?host=/a,/b` names two sockets.
"""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

_SCHEMES = {"postgresql", "postgres"}
_LARGEST_PORT = 65_535


class Wanted(StrEnum):
    """The values of `target_session_attrs` that make sense for one server at a time."""

    ANY = "any"
    PRIMARY = "primary"
    READ_WRITE = "read-write"
    """The same here: connections for reads refuse to write themselves."""
    STANDBY = "standby"
    READ_ONLY = "read-only"


@dataclass(frozen=True)
class DatabaseServer:
    """The host and port that override the address; None: those of the address."""

    host: str | None
    port: int | None


def servers_of(url: str) -> list[DatabaseServer]:
    """The servers in the order of their names, at least one. Raises ValueError for an invalid address."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not url.startswith(f"{parts.scheme}://"):
        raise ValueError("not PostgreSQL's scheme")
    hosts = _hosts(parts)
    if len(hosts) == 1:
        _host_and_port(hosts[0])
        return [DatabaseServer(None, None)]
    ports = _query(parts, "port").split(",") if _query(parts, "port") else []
    if ports and len(ports) not in (1, len(hosts)):
        raise ValueError("as many ports as hosts")
    return [_server(host, ports[index % len(ports)] if ports else "") for index, host in enumerate(hosts)]


def wanted_of(url: str) -> Wanted:
    """The kind of server that the address wants. Raises ValueError for a kind that is not supported."""
    return Wanted(_query(urlsplit(url), "target_session_attrs") or Wanted.ANY)


def _hosts(parts: SplitResult) -> list[str]:
    named = parts.netloc.rpartition("@")[2] or _query(parts, "host")
    return named.split(",")


def _server(host: str, port: str) -> DatabaseServer:
    name, own_port = _host_and_port(host)
    if not name:
        raise ValueError("a host without a name")
    return DatabaseServer(name, _port(port) if port else own_port or 5432)


def _host_and_port(text: str) -> tuple[str, int | None]:
    if text.startswith("/"):
        return text, None
    if text.startswith("["):
        name, closed, rest = text[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise ValueError("not an IPv6 address")
        port = rest[1:]
    else:
        name, _, port = text.partition(":")
    return unquote(name), _port(unquote(port)) if port else None


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port <= _LARGEST_PORT:
        raise ValueError("not a port")
    return port


def _query(parts: SplitResult, name: str) -> str:
    return parse_qs(parts.query).get(name, [""])[-1]
