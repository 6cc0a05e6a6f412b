"""What is stored: SQLAlchemy tables with their constraints, and stored functions. Each area is a package.

Tables of a tree carry `master_id`, and their primary keys, unique constraints and foreign keys lead with
it. Tables without it are reference tables, the same on every node: people, sessions, roles.
"""

from importlib import import_module
from pkgutil import walk_packages

from models.base.columns import metadata

__all__ = ["metadata"]

# The metadata has every table, whichever module was imported first. Stored functions are read for migrating
# only.
for _module in walk_packages(__path__, "models."):
    if not _module.name.endswith(".functions"):
        import_module(_module.name)
