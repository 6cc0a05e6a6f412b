"""The log of the process: the form of its lines, and how they leave it."""

import asyncio
import atexit
import logging
import math
import sys
import threading
from collections import Counter
from collections.abc import MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson
import structlog

from server.logs.broken_off import is_no_report_of_it
from server.logs.charge import Charge


@dataclass
class LoggedRequest:
    """The request, as each of its log lines shows it."""

    id: str
    operation_name: str | None = None
    codes: Counter[str] = field(default_factory=Counter)
    """Why what was refused: each code of an error, and how often it was answered."""
    charge: Charge | None = None
    """What it cost, if it costs anything."""
    way: str | None = None
    """How its GraphQL operation was run; None: it was refused before, or is no such request."""
    slow_seconds: float = math.inf
    """An operation that takes so long leaves a line of its own."""
    is_stream: bool = False
    """It is answered for as long as the client likes, and each answer is counted as an operation."""


logged_request: ContextVar[LoggedRequest] = ContextVar("logged_request")
"""The request that is being answered."""


def configure_logging() -> None:
    """Sends all logs of the process, other libraries' too, to standard error from the level INFO on.

    Lines are JSON objects, or coloured text if standard error is a terminal. Run uvicorn with
    `log_config=None, access_log=False`: it would else write its own lines beside these.
    """
    processors: list[structlog.typing.Processor]
    renderer: structlog.typing.Processor
    # Both kinds of traceback are the plain ones: the others print local variables, and so tokens.
    if sys.stderr.isatty():
        told_time = structlog.processors.TimeStamper(fmt="iso", utc=True)
        processors = [tell_request, structlog.processors.add_log_level, told_time]
        # Strings are shown by repr, so that a path cannot send control sequences to the terminal.
        renderer = structlog.dev.ConsoleRenderer(
            repr_native_str=True, exception_formatter=structlog.dev.plain_traceback
        )
    else:
        processors, renderer = [], _json_line
    lines = TurnLines(sys.stderr)
    atexit.register(lines.write_waiting)
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=lines),  # type: ignore[arg-type]  # it only writes
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(lines)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.addFilter(is_no_report_of_it)
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)


def tell_request(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """structlog's processor that puts the request into a log line."""
    request = logged_request.get(None)
    if request is not None:
        event["request_id"] = request.id
        if request.operation_name is not None:
            event["operation_name"] = request.operation_name
    return event


def _json_line(logger: object, method: str, event: structlog.typing.EventDict) -> str:
    """All of structlog's processors in one, because the calls between them cost half of a line."""
    line: MutableMapping[str, Any] = tell_request(logger, method, event)
    line["level"] = method
    line["timestamp"] = datetime.now(UTC)
    if "exc_info" in line:
        line = structlog.processors.format_exc_info(logger, method, line)
    return orjson.dumps(line, default=repr, option=orjson.OPT_UTC_Z).decode()


class TurnLines(threading.local):
    """A file that writes what one turn of the event loop logs by one system call, at the turn's end.

    A loaded server answers several requests in a turn, and logs a line for each. Each thread has lines of its
    own, because it may have a loop of its own, as the worker has where one process is server and worker; in a
    thread without a loop a line is written at once.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._waiting: list[str] = []

    def write(self, text: str) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._write_now(text)
            return
        if not self._waiting:
            loop.call_soon(self.write_waiting)
        self._waiting.append(text)

    def flush(self) -> None:
        """Nothing: loggers flush each line."""

    def write_waiting(self) -> None:
        """Write the lines that wait for the turn's end, also at the process's end."""
        waiting, self._waiting = self._waiting, []
        self._write_now("".join(waiting))

    def _write_now(self, text: str) -> None:
        self._file.write(text)
        self._file.flush()
