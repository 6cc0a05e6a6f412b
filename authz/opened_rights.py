"""The database's function `break_glass_grants`: see `authz.break_glass`."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Uuid, and_, literal_column, select, text

from authz.reach import active_memberships, limited_below_mask
from engine.binds import prepared
from models.accounts import ParentAccess, account_closure, accounts
from models.roles import roles

_SIGNATURE = "break_glass_grants(uuid, uuid, uuid)"


def synchronize(connection: Connection) -> None:
    """Write the function. Part of `mandant migrate`."""
    # ROWS 1: as the planner would expect a thousand, in every statement that asks for reach.
    connection.exec_driver_sql(
        f"CREATE OR REPLACE FUNCTION {_SIGNATURE} RETURNS TABLE (from_id uuid, mask bigint) "
        f"LANGUAGE plpgsql STABLE ROWS 1 AS $body${_function_body()}$body$"
    )


def differs(connection: Connection) -> bool:
    """Whether the stored function is another: `mandant migrate` is due."""
    stored = text("SELECT prosrc FROM pg_proc WHERE oid = to_regprocedure(:signature)")
    return connection.execute(stored, {"signature": _SIGNATURE}).scalar_one_or_none() != _function_body()


@cache
def _function_body() -> str:
    return f"BEGIN RETURN QUERY {prepared(_rights_above()).sql}; END"


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
