"""The database's function `break_glass_grants`: see `authz.reach.break_glass`."""

from typing import Any

from sqlalchemy import Select, Uuid, and_, literal_column, select

from authz.reach.reach import active_memberships, limited_below_mask
from engine.compiled.sql_text import prepared
from models.accounts.tables import ParentAccess, account_closure, accounts
from models.base.stored_functions import StoredFunction, Volatility
from models.roles.tables import roles

# ROWS 1: as the planner would expect a thousand, in every statement that asks for reach.
_HEAD = "break_glass_grants(uuid, uuid, uuid) RETURNS TABLE (from_id uuid, mask bigint) ROWS 1"


def functions() -> tuple[StoredFunction, ...]:
    """`break_glass_grants`."""
    body = f"BEGIN RETURN QUERY {prepared(_rights_above()).sql}; END"
    return (StoredFunction(_HEAD, body, Volatility.STABLE),)


def _rights_above() -> Select[Any]:
    """What the person's memberships give down to the account's parent, as if its own link were FULL."""
    master_id, account_id, user_id = (literal_column(f"${number}", Uuid) for number in (1, 2, 3))
    opened, path = accounts.alias(), account_closure.alias()
    member, role, holder = active_memberships(), roles.alias(), accounts.alias()
    return (
        select(member.c.account_id, limited_below_mask(member, role, holder).op("&")(path.c.passed_mask))
        .select_from(opened)
        .join(path, and_(path.c.master_id == opened.c.master_id, path.c.descendant_id == opened.c.parent_id))
        .join(
            member,
            and_(member.c.master_id == path.c.master_id, member.c.account_id == path.c.ancestor_id),
        )
        .join(role, role.c.id == member.c.role_id)
        .join(holder, and_(holder.c.master_id == member.c.master_id, holder.c.id == member.c.account_id))
        .where(
            opened.c.master_id == master_id,
            opened.c.id == account_id,
            opened.c.parent_access == literal_column(f"'{ParentAccess.BREAK_GLASS.value}'"),
            member.c.user_id == user_id,
        )
    )
