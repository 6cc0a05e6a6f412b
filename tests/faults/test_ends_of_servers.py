"""A server under load is asked to end, or is killed; another one is started in its place."""

import asyncio
import signal
import socket
import time
from contextlib import AsyncExitStack

import pytest

from tests.authz.escalation.profiles import BY_NIGHT
from tests.by_day import by_night_alone
from tests.faults.books import Books
from tests.faults.ledger_of_answers import LOST, NOT_LET_IN
from tests.faults.limits import GRACE_SECONDS
from tests.faults.load import Load
from tests.faults.site import Site, serving
from tests.server.start.processes import PATIENCE

_CLIENTS = 16 if BY_NIGHT else 6
_ROUNDS = 5 if BY_NIGHT else 1
_REFUSED = {NOT_LET_IN, "UNAVAILABLE", "BUSY"}


@pytest.mark.parametrize("processes", ["1", pytest.param("2", marks=by_night_alone)])
@pytest.mark.parametrize(
    ("ends_with", "told"), [(signal.SIGTERM, _REFUSED), (signal.SIGKILL, _REFUSED | {LOST})]
)
async def test_the_next_one_goes_on(
    site: Site, ends_with: signal.Signals, told: set[str], processes: str
) -> None:
    """Asked to end, a server answers all that has reached it. Killed, it answers nothing more. In both cases
    nothing acknowledged is lost."""
    books = await Books.open(site.world, _CLIENTS)
    port = _free_port()
    settings = {"DATABASE_URL": site.addresses.application, "PORT": str(port)}
    load = Load(books, f"http://127.0.0.1:{port}", keeps_connections=False)
    async with AsyncExitStack() as last, load.at_work():
        for _ in range(_ROUNDS):
            async with serving(site.folder, "--workers", processes, **settings) as (server, _):
                await load.back(load.answers.now())
                began = load.answers.now()
                await load.works()
                asked_at = time.monotonic()
                server.process.send_signal(ends_with)
                code = await asyncio.to_thread(server.process.wait, PATIENCE)
                assert code == (0 if ends_with is signal.SIGTERM else -signal.SIGKILL)
                assert time.monotonic() - asked_at < GRACE_SECONDS
            assert "Traceback" not in server.errors
            assert set(load.answers.codes(began)) <= told
        await last.enter_async_context(serving(site.folder, **settings))
        await load.works()
    await books.check(site.addresses.owner)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
