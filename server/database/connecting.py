"""Opens connections to PostgreSQL: to the first suitable server of an address, in bounded time."""

import socket
from collections.abc import Mapping
from typing import TypeVar

import asyncpg

from engine.database.driver import DriverConnection
from engine.database.reachability import AWAY_ERRORS, Reachability
from server.database.address import DatabaseServer, Wanted, servers_of, wanted_of

C = TypeVar("C", bound=DriverConnection)

COMMAND_TIMEOUT = 6.0
"""Seconds; longer than the database gives a statement, so that only a silent one is given up."""

_PATIENCE = 4.0
"""Seconds for connecting, for all of an address's servers together."""

_KEEPALIVE_SECONDS = 5
_UNACKNOWLEDGED_MILLISECONDS = 6_000

_ANOTHER_MAY_DO = (*AWAY_ERRORS, asyncpg.TargetServerAttributeNotMatched)


async def connect(
    url: str,
    settings: Mapping[str, str],
    kind: type[C],
    *,
    server: Reachability | None = None,
    command_timeout: float | None = COMMAND_TIMEOUT,
) -> C:
    """A connection to the address's first server that answers and is of the kind that the address names.

    Raises ServerSilentError where `server` is known to be silent, and what asyncpg raises. Where none
    answers, `server` is doubted.
    """
    if server is not None:
        await server.check()
    try:
        connection = await _first_of(url, settings, kind, command_timeout)
    except AWAY_ERRORS:
        if server is not None:
            server.doubt()
        raise
    connection.server = server
    if server is not None:
        server.found()
    return connection


def reachability(url: str) -> Reachability:
    """Whether a server of the address answers."""

    async def look() -> None:
        connection = await _first_of(url, {"application_name": "mandant"}, DriverConnection, None)
        connection.terminate()

    return Reachability(look)


async def _first_of(url: str, settings: Mapping[str, str], kind: type[C], command_timeout: float | None) -> C:
    servers = servers_of(url)
    patience = _PATIENCE / len(servers)
    for server in servers[:-1]:
        try:
            return await _connect(url, server, settings, kind, command_timeout, patience)
        except _ANOTHER_MAY_DO:
            pass
    return await _connect(url, servers[-1], settings, kind, command_timeout, patience)


async def _connect(
    url: str,
    server: DatabaseServer,
    settings: Mapping[str, str],
    kind: type[C],
    command_timeout: float | None,
    patience: float,
) -> C:
    wanted = wanted_of(url)
    connection: C = await asyncpg.connect(
        url,
        host=server.host,
        port=server.port,
        # Our connections for reads refuse to write, which is no reason not to take the server.
        target_session_attrs=Wanted.PRIMARY if wanted is Wanted.READ_WRITE else wanted,
        connection_class=kind,
        timeout=patience,
        command_timeout=command_timeout,
        server_settings=dict(settings),
    )
    _bound_silence(connection)
    return connection


def _bound_silence(connection: DriverConnection) -> None:
    """Let the kernel close a connection whose network drops packets."""
    connected: socket.socket = connection._transport.get_extra_info("socket")
    if connected.family == socket.AF_UNIX:
        return
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", _KEEPALIVE_SECONDS),
        ("TCP_USER_TIMEOUT", _UNACKNOWLEDGED_MILLISECONDS),
    ):
        if hasattr(socket, option):  # not every system has them
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
