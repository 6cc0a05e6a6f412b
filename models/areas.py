"""The one list of areas, and how what they contribute is found."""

from collections.abc import Iterator
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from types import ModuleType

AREAS = (
    "people",
    "sessions",
    "single_sign_on",
    "second_factor",
    "scim",
    "accounts",
    "invitations",
    "members",
    "shares",
    "api_keys",
    "narrowed_tokens",
    "roles",
    "parent_access",
    "access",
    "promises",
    "access_review",
    "explain",
    "audit",
    "webhooks",
    "staff",
    "settings",
    "credit",
    "payments",
    "plans",
    "subscriptions",
    "contacts",
    "templates",
    "domains",
    "block_list",
    "suppressions",
    "review",
    "sending",
    "messages",
    "campaigns",
    "statistics",
    "reputation",
    "budgets",
    "usage",
    "billing",
    "effects",
    "live",
)
"""The areas of the product. The API lists their queries, mutations and fields in this order."""


def modules_of_areas(pattern: str) -> Iterator[ModuleType]:
    """The modules that areas have under such a name, in the order of AREAS.

    `pattern` has `{area}` in place of the area's name, as in `resolvers.{area}.functions`.
    """
    for area in AREAS:
        name = pattern.format(area=area)
        if _spec(name) is not None:
            yield import_module(name)


def _spec(name: str) -> ModuleSpec | None:
    """Where a module is. It is found without an import of its package, which may be the one that asks."""
    package = name.rpartition(".")[0]
    if not package:
        return find_spec(name)
    above = _spec(package)
    if above is None or not above.submodule_search_locations:
        return None
    return PathFinder.find_spec(name, above.submodule_search_locations)
