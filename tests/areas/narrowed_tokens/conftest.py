"""What the tests of narrowed tokens share with those of authorization."""

from tests.authz.conftest import other_process, registry

__all__ = ["other_process", "registry"]
