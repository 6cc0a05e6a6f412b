"""Stored functions that are written from reach's expressions.

As a part of every statement they would make it several times as long, for callers of whom most need none of
them.
"""

from typing import Any

from sqlalchemy import LargeBinary, Select, Text, Uuid, literal_column, select, union_all

from authz.callers.narrowed import narrowed_caller
from authz.reach.break_glass import opening_grants
from authz.reach.grants import (
    active_memberships,
    limited_below_mask,
    share_grants,
    unlimited_grant_rows,
)
from authz.reach.key_makers import chain_is_broken
from authz.reach.narrowed import grants_of_token
from engine.compiled.sql_text import prepared
from models.accounts.tables import ParentAccess, account_closure, accounts
from models.accounts.trees import in_tree
from models.base.stored_functions import StoredFunction, Volatility
from models.roles.tables import roles


def _rights_above() -> Select[Any]:
    """What a person's memberships give down to an account's parent, as if its own link were FULL."""
    master_id, account_id, user_id = (literal_column(f"${number}", Uuid) for number in (1, 2, 3))
    opened, path = accounts.alias(), account_closure.alias()
    member, role, holder = active_memberships(), roles.alias(), accounts.alias()
    return (
        select(member.c.account_id, limited_below_mask(member, role, holder).op("&")(path.c.passed_mask))
        .select_from(opened)
        .join(path, in_tree(path, opened, descendant_id="parent_id"))
        .join(
            member,
            in_tree(member, path, account_id="ancestor_id"),
        )
        .join(role, role.c.id == member.c.role_id)
        .join(holder, in_tree(holder, member, id="account_id"))
        .where(
            opened.c.master_id == master_id,
            opened.c.id == account_id,
            opened.c.parent_access == literal_column(f"'{ParentAccess.BREAK_GLASS.value}'"),
            member.c.user_id == user_id,
        )
    )


def _further() -> str:
    person = select(literal_column("$1", Uuid).label("user_id")).subquery("person")
    return prepared(union_all(share_grants(person), opening_grants(person))).sql


def _narrowed_caller() -> str:
    digest, address = literal_column("$1", LargeBinary), literal_column("$2", Text)
    return prepared(narrowed_caller(digest, address)).sql


def _stays_stopped() -> str:
    key_id = literal_column("$1", Uuid)
    return prepared(select(chain_is_broken(key_id, grants=unlimited_grant_rows))).sql


# ROWS 1: the planner would expect a thousand, in every statement that reads reach.
FUNCTIONS = (
    StoredFunction(
        "api_key_stops(uuid) RETURNS boolean",
        f"BEGIN RETURN ({prepared(select(chain_is_broken(literal_column('$1', Uuid)))).sql}); END",
        Volatility.STABLE,
    ),
    StoredFunction(
        "api_key_stays_stopped(uuid) RETURNS boolean",
        f"BEGIN RETURN ({_stays_stopped()}); END",
        Volatility.STABLE,
    ),
    StoredFunction(
        "break_glass_grants(uuid, uuid, uuid) RETURNS TABLE (from_id uuid, mask bigint) ROWS 1",
        f"BEGIN RETURN QUERY {prepared(_rights_above()).sql}; END",
        Volatility.STABLE,
    ),
    StoredFunction(
        "further_grants(uuid) RETURNS TABLE (master_id uuid, account_id uuid, from_id uuid, own_mask bigint, "
        "below_mask bigint, ends_at timestamptz) ROWS 1",
        f"\n#variable_conflict use_column\nBEGIN RETURN QUERY {_further()}; END",
        Volatility.STABLE,
    ),
    StoredFunction(
        "narrowed_caller(bytea, text) RETURNS TABLE (token_id uuid, user_id uuid, api_key_id uuid) ROWS 1",
        f"\n#variable_conflict use_column\nBEGIN RETURN QUERY {_narrowed_caller()}; END",
        Volatility.STABLE,
    ),
    StoredFunction(
        "narrowed_grants(uuid) RETURNS TABLE (master_id uuid, account_id uuid, from_id uuid, "
        "own_mask bigint, below_mask bigint, ends_at timestamptz) ROWS 1",
        "\n#variable_conflict use_column\n"
        f"BEGIN RETURN QUERY {prepared(grants_of_token(literal_column('$1', Uuid))).sql}; END",
        Volatility.STABLE,
    ),
)
