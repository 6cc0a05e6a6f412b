"""What each area tells the tests that go over all areas, in `tests/areas/<area>/oracle.py`."""

from typing import Any

from models.areas import modules_of_areas


def told_by_areas(table: str) -> dict[Any, Any]:
    """The rows of a table, of all areas that have some."""
    areas = [vars(area) for area in modules_of_areas("tests.areas.{area}.oracle")]
    return {key: row for area in areas for key, row in area.get(table, {}).items()}
