"""The offer that a stored function is asked about, and its giver."""

import uuid

from sqlalchemy import CTE, ColumnElement, Table, Uuid, literal_column, select

from authz.callers.principals import key_works
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys


def offer_row(table: Table, key: str = "id") -> CTE:
    """The offer that the stored function's arguments name."""
    master_id, offer_id = (literal_column(f"${number}", Uuid) for number in (1, 2))
    return select(*table.c).where(table.c.master_id == master_id, table.c[key] == offer_id).cte("offer")


def giver_row(offer: CTE, user_id: ColumnElement[uuid.UUID], api_key_id: ColumnElement[uuid.UUID]) -> CTE:
    """The offer's giver as a caller's row. A key only while it works."""
    key = api_keys.alias()
    working = select(key.c.id).where(key.c.id == api_key_id, in_tree(key, offer), key_works(key))
    return select(user_id.label("user_id"), working.scalar_subquery().label("api_key_id")).cte("giver")
