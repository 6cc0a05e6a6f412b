"""An import of any length needs the memory of one part: a worker seldom looks for garbage."""

import gc
from collections.abc import Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.areas.contacts.asking import create_attribute, create_list
from tests.areas.contacts.imports import imported, job_of, work_off_imports
from tests.client.api import Api
from tests.world.world import Account, Member

_ROWS = 2_000
_MANY = 500
"""A list of so many things holds rows of the file."""


@pytest.fixture
def _collected_by_hand() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


def _lists_of_many() -> list[int]:
    """The lengths of the long lists that only a search for garbage finds."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    return [len(each) for each in gc.garbage if isinstance(each, list) and len(each) >= _MANY]


@pytest.mark.usefixtures("_collected_by_hand")
@pytest.mark.parametrize("again", [False, True], ids=["new", "changed"])
async def test_what_was_imported_leaves_no_garbage(
    api: Api, account: Account, owner: Member, application: AsyncEngine, again: bool
) -> None:
    await create_attribute(api, owner, account, "country", "TEXT")
    lists = await create_list(api, owner, account, "All")
    for land in ["SE", "NO"] if again else ["SE"]:
        rows = "".join(f"person{n}@example.com,{n},{land}\n" for n in range(_ROWS))
        job = await imported(api, owner, account, f"email,externalId,country\n{rows}", lists=lists)
        gc.collect()
        await work_off_imports(application, account)
        found = await job_of(api, owner, job)
        assert found["created"] + found["updated"] == _ROWS
    assert _lists_of_many() == []
