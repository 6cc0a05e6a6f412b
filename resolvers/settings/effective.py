"""Which settings are in force in an account, as SQL (N15, R83).

A value is in force in its own account unless an account above locks the setting there, and in every account
below that has none in force of its own. A lock reaches as far down as SETTINGS_WRITE passes the links: where
those above could not write a value, they cannot forbid one.
"""

import uuid
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    cast,
    func,
    literal_column,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from authz.policy.permissions import Permission, allows
from engine.base.client_values import text
from models.accounts.tables import account_closure
from models.accounts.trees import in_tree
from models.settings.tables import SettingName, field_functions, settings
from resolvers.settings.values import PLATFORM_VALUES, stored_form
from resolvers.staff.overrides import field_functions_of as functions_work

_ZERO = literal_column("0", Integer)
_WHOLE: ColumnElement[Any] = literal_column("CAST('{}' AS text[])")
FUNCTIONS = text(SettingName.FIELD_FUNCTIONS.value)


def lock_above(account: FromClause, setting: ColumnElement[str], key: str = "id") -> ColumnElement[uuid.UUID]:
    """The id of the account whose lock holds here: of several the highest, because it binds the others.
    NULL: none. `key`: the column that names the account."""
    path, lock = account_closure.alias(), settings.alias()
    return (
        select(path.c.ancestor_id)
        .select_from(path.join(lock, in_tree(lock, path, account_id="ancestor_id")))
        .where(
            in_tree(path, account, descendant_id=key),
            path.c.depth > _ZERO,
            lock.c.setting == setting,
            lock.c.locked,
            allows(path.c.passed_mask, Permission.SETTINGS_WRITE),
        )
        .order_by(path.c.depth.desc())
        .limit(1)
        .correlate_except(path, lock)
        .scalar_subquery()
    )


def in_force(account: FromClause, setting: ColumnElement[str]) -> Select[Any]:
    """The row of the value that is in force: the nearest one that no lock keeps down. At most one."""
    row, path = settings.alias(), account_closure.alias()
    return (
        select(row.c.value, row.c.account_id, row.c.copied_from_id, row.c.copied_at)
        .select_from(path.join(row, in_tree(row, path, account_id="ancestor_id")))
        .where(
            in_tree(path, account, descendant_id="id"),
            row.c.setting == setting,
            row.c.value.is_not(None),
            lock_above(row, setting, "account_id").is_(None),
        )
        .order_by(path.c.depth)
        .limit(1)
        .correlate_except(row, path)
    )


def functions_in_force(account: FromClause) -> Select[Any]:
    """The field functions, name by name like `in_force`. None where platform support has turned them off."""
    row, path = field_functions.alias(), account_closure.alias()
    return (
        select(*row.c)
        .select_from(path.join(row, in_tree(row, path, account_id="ancestor_id")))
        .where(
            in_tree(path, account, descendant_id="id"),
            lock_above(row, FUNCTIONS, "account_id").is_(None),
            functions_work(account),
        )
        .ext(distinct_on(row.c.name))
        .order_by(row.c.name, path.c.depth)
        .correlate_except(row, path)
    )


def all_in_force(account: FromClause) -> Select[Any]:
    """Everything that is in force: rows (setting, name, value, from_id, copied_from_id, copied_at).

    `name` is a field function's, else empty. `from_id` is NULL for the platform's own value. `copied_from_id`
    is of the account that the value is from.
    """
    known = _known()
    found = in_force(account, known.c.setting).lateral("found")
    function = functions_in_force(account).subquery("function")
    plain = select(
        known.c.setting,
        text("").label("name"),
        func.coalesce(found.c.value, known.c.usual).label("value"),
        found.c.account_id.label("from_id"),
        found.c.copied_from_id,
        found.c.copied_at,
    ).select_from(known.outerjoin(found, true()))
    functions = select(
        FUNCTIONS,
        function.c.name,
        func.to_jsonb(function.c.text),
        function.c.account_id,
        function.c.copied_from_id,
        function.c.copied_at,
    )
    everything = union_all(plain, functions).subquery("everything")
    return select(*everything.c)


def default_country_of(account: FromClause) -> ColumnElement[str]:
    """The default country that is in force: two letters of ISO 3166-1; NULL if nobody has set one.

    Behind the lock of `authorize_shared` it stays as it is until the transaction ends.
    """
    return plain_text(_scalar(account, SettingName.DEFAULT_COUNTRY))


def time_zone_of(account: FromClause) -> ColumnElement[str]:
    """The time zone that is in force, by its IANA name."""
    found = plain_text(_scalar(account, SettingName.TIME_ZONE))
    return func.coalesce(found, text(str(PLATFORM_VALUES[SettingName.TIME_ZONE])))


def plain_text(value: ColumnElement[Any]) -> ColumnElement[str]:
    """The text of a JSON value."""
    return value.op("#>>", return_type=Text())(_WHOLE)


def usual(setting: SettingName) -> ColumnElement[Any]:
    """What holds where nobody has set it, as JSON."""
    value = PLATFORM_VALUES[setting]
    return cast(null() if value is None else text(orjson.dumps(stored_form(value)).decode()), JSONB)


def names_of_settings() -> FromClause:
    """A row for each setting (`setting`)."""
    return union_all(*(select(text(name.value).label("setting")) for name in SettingName)).subquery("known")


def _scalar(account: FromClause, setting: SettingName) -> ColumnElement[Any]:
    found = in_force(account, text(setting.value))
    return found.with_only_columns(found.selected_columns.value).scalar_subquery()


def _known() -> FromClause:
    """All settings but FIELD_FUNCTIONS, with what holds where nobody has set them."""
    arms = [
        select(text(setting.value).label("setting"), usual(setting).label("usual"))
        for setting in PLATFORM_VALUES
    ]
    return union_all(*arms).subquery("known")
