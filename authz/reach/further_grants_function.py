"""The database's function `further_grants`: see `authz.reach.further_grants`."""

from sqlalchemy import Uuid, literal_column, select, union_all

from authz.reach.break_glass import opening_grants
from authz.reach.reach import share_grants
from engine.compiled.sql_text import prepared
from models.base.stored_functions import StoredFunction, Volatility

# ROWS 1: as the planner would expect a thousand, in every statement that asks for reach.
_HEAD = (
    "further_grants(uuid) RETURNS TABLE "
    "(master_id uuid, account_id uuid, from_id uuid, own_mask bigint, below_mask bigint, "
    "ends_at timestamptz) ROWS 1"
)


def functions() -> tuple[StoredFunction, ...]:
    """`further_grants`."""
    person = select(literal_column("$1", Uuid).label("user_id")).subquery("person")
    grants = union_all(share_grants(person), opening_grants(person))
    body = f"\n#variable_conflict use_column\nBEGIN RETURN QUERY {prepared(grants).sql}; END"
    return (StoredFunction(_HEAD, body, Volatility.STABLE),)
