"""The reference executor's statements, which clients' arguments tell apart."""

import pytest

from engine.declare.field_cache import FieldCache
from engine.reference import statements as reference_statements
from tests.client.api import Api
from tests.engine.paths import Path
from tests.world.world import World


async def test_they_are_bounded(api: Api, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In bytes: each size of a page is another one, and takes about 100 KB."""
    monkeypatch.setattr(reference_statements, "_statements", FieldCache(most := 1_000_000))
    person = await world.person()
    for size in range(60):
        page = f"{{ viewer {{ accounts(first: {size}) {{ nodes {{ id }} }} }} }}"
        await api.read(Path.REFERENCE.of(page), person)
        assert reference_statements._statements.size <= most
    assert reference_statements._statements.size > most / 2
