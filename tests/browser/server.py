"""The real server on a port of this machine, in a thread beside the tests."""

import asyncio
import threading
import time
from dataclasses import dataclass
from typing import Any

import uvicorn

from server.settings.settings import Settings
from server.start.app import create_app


@dataclass
class RunningServer:
    """A server that answers at `url`."""

    url: str
    server: uvicorn.Server
    thread: threading.Thread

    def stop(self) -> None:
        """Let it finish, and wait for it."""
        self.server.should_exit = True
        self.thread.join()


def run_server(port: int, database_url: str, **settings: Any) -> RunningServer:
    """Start a server on the port, with these settings, and wait until it accepts connections."""
    app = create_app(Settings(host="127.0.0.1", port=port, smtp_url=None, **settings), database_url)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, ws="none"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.05)
    return RunningServer(f"http://127.0.0.1:{port}", server, thread)
