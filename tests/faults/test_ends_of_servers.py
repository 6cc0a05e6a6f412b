"""A server under load is asked to end, or is killed; another one is started in its place."""

import asyncio
import signal
import time

import pytest

from tests.authz.escalation.profiles import BY_NIGHT
from tests.faults.books import Books
from tests.faults.ledger_of_answers import LOST, NOT_LET_IN
from tests.faults.limits import BACK_SECONDS
from tests.faults.load import Load
from tests.faults.site import Site, serving
from tests.server.start.processes import PATIENCE

_CLIENTS = 16 if BY_NIGHT else 6
_ROUNDS = 5 if BY_NIGHT else 1
_GRACE_SECONDS = 20.0 if BY_NIGHT else 60.0
_REFUSED = {NOT_LET_IN, "UNAVAILABLE", "BUSY"}


@pytest.mark.parametrize(
    ("ends_with", "told"), [(signal.SIGTERM, _REFUSED), (signal.SIGKILL, _REFUSED | {LOST})]
)
async def test_the_next_one_goes_on(site: Site, ends_with: signal.Signals, told: set[str]) -> None:
    """Asked to end, a server answers all that has reached it. Killed, it answers nothing more. In both cases
    nothing acknowledged is lost."""
    books = await Books.open(site.world, _CLIENTS)
    settings = {"DATABASE_URL": site.addresses.application}
    async with serving(site.folder, **settings) as (server, url):
        load = Load(books, url, keeps_connections=False)
        settings["PORT"] = url.rpartition(":")[2]
        async with load.at_work():
            for _ in range(_ROUNDS):
                await load.works()
                began = load.answers.now()
                server.process.send_signal(ends_with)
                code = await asyncio.to_thread(server.process.wait, PATIENCE)
                assert code == (0 if ends_with is signal.SIGTERM else -signal.SIGKILL)
                assert time.monotonic() - began < _GRACE_SECONDS
                print(load.answers.codes(began - 1), time.monotonic() - began)
                async with serving(site.folder, **settings):
                    await load.back(load.answers.now())
                    await load.works()
    await books.check(site.addresses.owner)
