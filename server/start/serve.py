"""The server's processes: uvicorn, on a socket that is opened before anything else is started."""

import logging
import resource
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection, HTTPException

import uvicorn
from starlette.applications import Starlette

from server.edge.http_protocol import HttpProtocol
from server.edge.socket_protocol import LONGEST_MESSAGE, SocketProtocol
from server.failures.command_failed import CommandFailed
from server.fairness.side_threads import SWITCH_SECONDS
from server.graphql.introspection import usual_questions
from server.logs import traces
from server.logs.lines import configure_logging
from server.logs.metrics import counted_together
from server.pages import DemoLogin, likely_documents
from server.settings.settings import Settings
from server.start.app import create_app
from server.start.garbage import look_seldom
from server.start.stopping import StoppingProcesses, StoppingServer

GRACE_SECONDS = 20
"""How long a stopping server waits for the requests that it is answering."""

OPEN_FILES = 2048
"""Of one process: its connections, twice as many where many end at once, and those to the database."""

WORKER_START_SECONDS = 60
"""A worker that is silent for so long is replaced; a starting one is silent for seconds."""

_TALKATIVE = ("alembic", "casbin", "engine.database.fair_pool", "httpx", "pgqueuer")
"""Libraries that log routine work on the level INFO; SQLAlchemy's pool logs under the name of our
subclass. httpx logs URLs, which may hold a password."""

_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not listened on


def open_listener(settings: Settings) -> socket.socket:
    """The socket to serve on. Raises CommandFailed if the address cannot be used."""
    host, port = settings.host, settings.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandFailed(f"Cannot listen on {host}, port {port}: {reason}. Set HOST or PORT.") from error


def local_url(listener: socket.socket) -> str:
    """The socket's address for a browser on this machine, such as `http://127.0.0.1:8000`."""
    address, port = _local_address(listener)
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def with_address(settings: Settings, listener: socket.socket) -> Settings:
    """The settings with the socket's actual port, also in the links of e-mails."""
    _, port = _local_address(listener)
    return settings.model_copy(
        update={"port": port, "public_url": settings.public_url or local_url(listener)}
    )


def run(
    settings: Settings,
    database_url: str,
    listener: socket.socket,
    workers: int,
    logins: Sequence[DemoLogin] = (),
) -> None:
    """Serve until SIGINT or SIGTERM; the caller handles both by raising KeyboardInterrupt.

    `logins`: the people of a demo, for GraphiQL's page.
    """
    allow_open_files()
    config = uvicorn.Config(
        partial(make_app, settings, database_url, logins),
        factory=True,
        workers=workers,
        loop="uvloop",
        http=HttpProtocol,
        ws=SocketProtocol,
        ws_max_size=LONGEST_MESSAGE,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.trusted_proxies is not None,
        forwarded_allow_ips=settings.trusted_proxies or [],
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_worker_healthcheck=WORKER_START_SECONDS,
    )
    # uvicorn stops gracefully, and then raises the signal once more.
    with suppress(KeyboardInterrupt):
        if workers == 1:
            StoppingServer(config).run([listener])
        else:
            with counted_together():
                StoppingProcesses(config, [listener]).run()


def allow_open_files() -> None:
    """Raise the limit of open files: most systems set it to 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def make_app(settings: Settings, database_url: str, logins: Sequence[DemoLogin] = ()) -> Starlette:
    """The application, in the process that serves it."""
    start_log()
    traces.start(settings.traces_url, settings.traces_name)
    sys.setswitchinterval(SWITCH_SECONDS)
    app = create_app(settings, database_url, [*likely_documents(), *usual_questions()], logins)
    look_seldom()
    return app


def start_log() -> None:
    """The log of a process that serves."""
    configure_logging()
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(logging.WARNING)


def print_once_served(text: str, listener: socket.socket) -> None:
    """Print the text as soon as the server answers, so that its commands work at once."""
    address = _local_address(listener)
    threading.Thread(target=_wait_and_print, args=(text, address), daemon=True).start()


def _wait_and_print(text: str, address: tuple[str, int]) -> None:
    # The socket listens already, so this waits for the answer and never has to ask twice.
    with suppress(OSError, HTTPException):
        connection = HTTPConnection(*address)
        connection.request("GET", "/healthz")
        connection.getresponse()
        print(text, flush=True)  # noqa: T201 - for the terminal, not for the log


def _local_address(listener: socket.socket) -> tuple[str, int]:
    host, port = listener.getsockname()[:2]
    return _ANY_ADDRESS.get(host, host), port
