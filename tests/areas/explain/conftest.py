"""What the tests of explanations share with those of authorization."""

from tests.authz.conftest import registry

__all__ = ["registry"]
