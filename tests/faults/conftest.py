"""A site for each test, which may kill what is there."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.areas.fixtures import nothing_breaks
from tests.faults.site import Site, copy_database, folder_for_postgres, site_in

__all__ = ["nothing_breaks"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a database."""
    with folder_for_postgres() as found:
        yield found


@pytest.fixture(scope="session")
async def migrated() -> AsyncIterator[Path]:
    """A folder with a database at rest, for `copy_database`: to make one takes as long as many a fault."""
    with folder_for_postgres() as found:
        async with site_in(found):
            pass
        yield found


@pytest.fixture
async def site(folder: Path, migrated: Path) -> AsyncIterator[Site]:
    """A database of the test's own, which it may kill."""
    copy_database(migrated, folder)
    async with site_in(folder) as found:
        yield found
