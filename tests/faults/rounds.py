"""Faults that come one after the other, under load."""

from collections.abc import Awaitable, Callable, Sequence

from tests.faults.books import Books
from tests.faults.limits import BACK_SECONDS, Footprint
from tests.faults.load import Load
from tests.faults.site import Site
from tests.server.start.processes import Running

Fault = tuple[str, Callable[[Load], Awaitable[None]]]
"""Its name, and what makes it and ends it."""


async def survive(
    site: Site,
    books: Books,
    server: Running,
    url: str,
    faults: Sequence[Fault],
    record_property: Callable[[str, object], None],
) -> None:
    """Check that the server is back after each, and ends in order. The seconds that it took are recorded."""
    async with Load(books, url).at_work() as load:
        await load.works()
        before = await Footprint.of(site, server)
        for name, fault in faults:
            began = load.answers.now()
            await fault(load)
            seconds = await load.back(load.answers.now())
            record_property(name, seconds)
            assert seconds < BACK_SECONDS, name
            await load.works()
            assert set(load.answers.codes(began)) <= {"UNAVAILABLE", "BUSY"}
            assert set(load.ready.codes(began)) <= {"UNAVAILABLE", "BUSY"}
        (await Footprint.of(site, server)).has_not_grown(before)
    assert server.terminate() == 0
    assert "Traceback" not in server.errors
    await books.check(site.addresses.owner)
