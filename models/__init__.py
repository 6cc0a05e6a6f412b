"""What is stored: SQLAlchemy tables with their constraints, and stored functions. Each area is a package.

Tables of a tree carry `master_id`, and their primary keys, unique constraints and foreign keys lead with
it. Tables without it are reference tables, the same on every node: people, sessions, roles.
"""

from importlib import import_module
from pkgutil import iter_modules

from models.base.columns import metadata

__all__ = ["AREAS", "metadata"]

AREAS = (
    "base",
    "accounts",
    "people",
    "members",
    "invitations",
    "roles",
    "api_keys",
    "shares",
    "parent_access",
    "access",
    "effects",
    "credit",
    "payments",
    "plans",
    "sending",
    "budgets",
    "billing",
    "staff",
)
"""From low to high: an area's stored functions call those of lower areas."""

# The metadata has every table, whichever module was imported first. Stored functions are read for migrating
# only.
for _area in AREAS:
    for _module in iter_modules(import_module(f"models.{_area}").__path__, f"models.{_area}."):
        if not _module.name.endswith(".functions"):
            import_module(_module.name)
