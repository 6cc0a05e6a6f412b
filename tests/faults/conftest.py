"""A site for each test, which may kill what is there."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.areas.fixtures import nothing_breaks
from tests.faults.site import Site, folder_for_postgres, site_in

__all__ = ["nothing_breaks"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a database."""
    with folder_for_postgres() as found:
        yield found


@pytest.fixture
async def site(folder: Path) -> AsyncIterator[Site]:
    """A database of the test's own, which it may kill."""
    async with site_in(folder) as found:
        yield found
