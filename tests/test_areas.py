"""An area of the product has the same name in every package."""

from pathlib import Path

import pytest

from models.areas import AREAS

_ROOT = Path(__file__).parent.parent

_BELOW_THE_AREAS = {
    "schema": {"fields"},
    "resolvers": {"inputs", "rows"},
    "models": {"base"},
    "tests/areas": set(),
}
"""What the areas of a package build on."""


def _folders(package: str) -> set[str]:
    return {path.parent.name for path in (_ROOT / package).glob("*/__init__.py")}


@pytest.mark.parametrize("package", _BELOW_THE_AREAS)
def test_folders_are_areas(package: str) -> None:
    assert _folders(package) - _BELOW_THE_AREAS[package] <= set(AREAS)


def test_every_area_is_there() -> None:
    folders = set().union(*map(_folders, _BELOW_THE_AREAS))
    assert folders >= set(AREAS)
