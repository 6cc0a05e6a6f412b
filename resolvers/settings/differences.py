"""How the settings of two accounts differ, as SQL (N15)."""

from typing import Annotated, Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    cast,
    column,
    func,
    literal_column,
    select,
    true,
)

from authz.policy.permissions import Permission, allows
from authz.reach.reach import readable_account
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.accounts.tables import accounts
from models.accounts.trees import in_tree
from models.base.ids import Kind
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import account_behind
from resolvers.settings.effective import all_in_force

BY_SETTING = Order("settings.differences", (column("setting", Text), column("function_name", Text)))
_SHOWN = ("value", "from_id", "copied_from_id", "copied_at")


def between(
    root: FromClause,
    a: Annotated[Id, of_kind(Kind.ACCOUNT), Described("One account's id.")],
    b: Annotated[Id, of_kind(Kind.ACCOUNT), Described("The other account's id.")],
) -> Select[Any]:
    """How the settings that are in force in two accounts differ. NOT_FOUND unless you have SETTINGS_READ in
    both of them."""
    one, statement = readable_account()
    other = readable_account()[1].subquery("other")
    mask = statement.selected_columns.mask.op("&")(other.c.mask)
    shown = (other.c.master_id.label("other_master_id"), other.c.id.label("other_id"))
    return (
        statement.with_only_columns(*one.c, *shown)
        .join(other, other.c.id == b)
        .where(one.c.id == a, allows(mask, Permission.SETTINGS_READ))
    )


def account_a(pair: FromClause) -> Select[Any]:
    """The account `a`."""
    return account_behind(pair, "id")


def account_b(pair: FromClause) -> Select[Any]:
    """The account `b`."""
    account, statement = readable_account()
    return statement.where(
        account.c.master_id == pair.c.other_master_id, account.c.id == pair.c.other_id
    ).limit(1)


def of_pair(pair: FromClause) -> Select[Any]:
    """The settings whose values differ, by their names. Settings with the same value in both are left out,
    wherever the values come from."""
    own = accounts.alias()
    one = _sides(pair.c.master_id, pair.c.id, "a")
    other = _sides(pair.c.other_master_id, pair.c.other_id, "b")
    same = and_(one.c.setting == other.c.setting, one.c.name == other.c.name)
    both = one.join(other, same, full=True)
    return (
        select(
            *own.c,
            func.coalesce(one.c.setting, other.c.setting).label("setting"),
            func.coalesce(one.c.name, other.c.name).label("function_name"),
            pair.c.other_master_id,
            pair.c.other_id,
            *(one.c[name].label(f"a_{name}") for name in _SHOWN),
            *(other.c[name].label(f"b_{name}") for name in _SHOWN),
        )
        .select_from(own.join(both, true()))
        .where(in_tree(own, pair, id="id"), one.c.value.is_distinct_from(other.c.value))
    )


def function_of(difference: FromClause) -> ColumnElement[str]:
    """The field function's name, for FIELD_FUNCTIONS; null for other settings."""
    return func.nullif(difference.c.function_name, literal_column("''"))


def in_a(difference: FromClause) -> Select[Any]:
    """The value in the account `a`."""
    own = accounts.alias()
    return _side(own, difference, "a").where(in_tree(own, difference, id="id"))


def in_b(difference: FromClause) -> Select[Any]:
    """The value in the account `b`."""
    own = accounts.alias()
    return _side(own, difference, "b").where(
        own.c.master_id == difference.c.other_master_id, own.c.id == difference.c.other_id
    )


def _side(own: FromClause, difference: FromClause, side: str) -> Select[Any]:
    return select(*own.c, *(difference.c[f"{side}_{name}"].label(name) for name in _SHOWN))


def _sides(master_id: ColumnElement[Any], account_id: ColumnElement[Any], name: str) -> FromClause:
    """Everything that is in force in one of the accounts. The values are texts of JSON, to be compared."""
    account = accounts.alias()
    found = all_in_force(account).lateral()
    columns = [cast(each, Text).label("value") if each.key == "value" else each for each in found.c]
    return (
        select(*columns)
        .select_from(account.join(found, true()))
        .where(account.c.master_id == master_id, account.c.id == account_id)
        .correlate_except(account, found)
        .subquery(f"side_{name}")
    )
