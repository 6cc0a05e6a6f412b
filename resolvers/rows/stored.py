"""Storing rows that may be there already."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import Insert, insert


def stored(table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> Insert:
    """Insert a row, or replace these values in the row with this key."""
    made = insert(table).values(**key, **values)
    replaced = {name: made.excluded[name] for name in values}
    return made.on_conflict_do_update(index_elements=list(key), set_=replaced)
