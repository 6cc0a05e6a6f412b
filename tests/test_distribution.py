"""The packages have generic names, so nothing else that is installed may own one of them."""

from importlib.metadata import packages_distributions

import pytest


@pytest.mark.parametrize(
    "package", ["server", "schema", "resolvers", "authz", "engine", "models", "migrations"]
)
def test_the_package_is_ours_alone(package: str) -> None:
    owners = set(packages_distributions().get(package, ["mandant"]))
    assert owners == {"mandant"}


def test_casbin_comes_from_one_distribution() -> None:
    """T37: `casbin` and `pycasbin` both install the module."""
    assert set(packages_distributions()["casbin"]) == {"pycasbin"}
