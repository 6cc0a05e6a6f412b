"""Settings as viewers of an account see them: each value with its origin (N15)."""

import datetime
import enum
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.types import TypeEngine

from engine.base.client_values import text
from models.accounts.tables import accounts
from models.accounts.trees import in_tree
from models.settings import tables
from models.settings.tables import SettingName, settings
from resolvers.rows.shown import account_behind
from resolvers.settings.effective import (
    FUNCTIONS,
    functions_in_force,
    in_force,
    lock_above,
    plain_text,
    usual,
)

_FALSE = literal_column("false", Boolean)


class SettingOrigin(enum.Enum):
    """Where the value of a setting comes from."""

    OWN = "OWN"
    INHERITED = "INHERITED"
    COPIED = "COPIED"
    PLATFORM = "PLATFORM"


def of_account(account: FromClause) -> Select[Any]:
    """The settings that are in force in the account, each with where its value comes from. Settings that the
    account has not set itself are inherited from the nearest account above that has. Locks, values and copies
    change with `settingsUpdate` and `settingsCopy`."""
    own = accounts.alias()
    return select(*own.c).where(in_tree(own, account, id="id"))


def time_zone(account: FromClause) -> Select[Any]:
    """The time zone, by its IANA name, in which quiet hours are meant. Billing cycles have a time zone of
    their own: `Subscription.timeZone`. Without any setting, UTC."""
    return _text(account, SettingName.TIME_ZONE)


def default_country(account: FromClause) -> Select[Any]:
    """The country whose phone numbers are written without a country code: two letters of ISO 3166-1."""
    return _text(account, SettingName.DEFAULT_COUNTRY)


def language(account: FromClause) -> Select[Any]:
    """The language of messages, as a BCP 47 tag such as `de-AT`. Without any setting, `en`."""
    return _text(account, SettingName.LANGUAGE)


def sender_name(account: FromClause) -> Select[Any]:
    """The name that messages come from."""
    return _text(account, SettingName.SENDER_NAME)


def sender_address(account: FromClause) -> Select[Any]:
    """The e-mail address that messages come from."""
    return _text(account, SettingName.SENDER_ADDRESS)


def unsubscribe_page(account: FromClause) -> Select[Any]:
    """The account's own page for unsubscribing: an https URL."""
    return _text(account, SettingName.UNSUBSCRIBE_PAGE)


def campaign_approval(account: FromClause) -> Select[Any]:
    """Who has to agree that a campaign is sent, besides whoever sends it: NONE, or ANOTHER_PERSON, who uses
    `campaignApprove`. Without any setting, NONE."""
    return _text(account, SettingName.CAMPAIGN_APPROVAL)


def bounce_limits(account: FromClause) -> Select[Any]:
    """How many soft bounces within how many days exclude a recipient. Without any setting, 5 within 30. That
    such recipients are excluded is no setting."""
    names = {"soft_bounces": "softBounces", "days": "days"}
    return _parts(account, SettingName.BOUNCE_LIMITS, names, Integer())


def quiet_hours(account: FromClause) -> Select[Any]:
    """The hours of the day in which nothing is sent."""
    return _parts(account, SettingName.QUIET_HOURS, {"start": "start", "end": "end"}, Text())


def field_functions(account: FromClause) -> Select[Any]:
    """Named texts for use in messages. They are inherited and replaced name by name."""
    return _joined(account, FUNCTIONS)[0]


def functions_of(setting: FromClause) -> Select[Any]:
    """The field functions that are in force, by name. Empty where platform support has turned them off
    (`Account.fieldFunctions`)."""
    return _functions(setting, functions_in_force(setting).subquery())


def own_functions(setting: FromClause) -> Select[Any]:
    """The account's own field functions, by name. While the setting is locked they are kept, and not in
    force."""
    function = tables.field_functions.alias()
    return _functions(setting, function).where(in_tree(function, setting, account_id="id"))


def value_of_bounces(setting: FromClause) -> Select[Any]:
    """The limits that are in force."""
    return _object(setting, "soft_bounces", "days")


def own_bounces(setting: FromClause) -> Select[Any]:
    """The account's own limits; null if it has none. While the setting is locked they are kept, and not in
    force."""
    return _object(setting, "own_soft_bounces", "own_days")


def value_of_hours(setting: FromClause) -> Select[Any]:
    """The hours that are in force; null if none are quiet."""
    return _object(setting, "start", "end")


def own_hours(setting: FromClause) -> Select[Any]:
    """The account's own hours; null if it has none. While the setting is locked they are kept, and not in
    force."""
    return _object(setting, "own_start", "own_end")


def origin_of(setting: FromClause) -> ColumnElement[str]:
    """Where the value comes from."""
    return case(
        (setting.c.from_id.is_(None), text(SettingOrigin.PLATFORM.value)),
        (setting.c.from_id != setting.c.id, text(SettingOrigin.INHERITED.value)),
        (setting.c.copied_from_id.is_not(None), text(SettingOrigin.COPIED.value)),
        else_=text(SettingOrigin.OWN.value),
    )


def inherited_from(setting: FromClause) -> Select[Any]:
    """The account that the value is inherited from; null for another origin, and if it is outside your
    reach."""
    return account_behind(setting, "from_id").where(setting.c.from_id != setting.c.id)


def copied_from(setting: FromClause) -> Select[Any]:
    """The account that the value was copied from; null for another origin, and if it is outside your
    reach."""
    return account_behind(setting, "copied_from_id").where(setting.c.from_id == setting.c.id)


def copied_at(setting: FromClause) -> ColumnElement[datetime.datetime]:
    """When the value was copied; null for another origin."""
    return case((setting.c.from_id == setting.c.id, setting.c.copied_at))


def is_locked(setting: FromClause) -> ColumnElement[bool]:
    """Whether an account above has locked the setting, so that it cannot be changed here."""
    return setting.c.locked_by_id.is_not(None)


def locked_by(setting: FromClause) -> Select[Any]:
    """The account whose lock holds here; null if none does, and if it is outside your reach."""
    return account_behind(setting, "locked_by_id")


def _text(account: FromClause, setting: SettingName) -> Select[Any]:
    statement, found, mine = _joined(account, text(setting.value))
    value = func.coalesce(plain_text(found.c.value), plain_text(usual(setting)))
    return statement.add_columns(value.label("value"), plain_text(mine.c.value).label("own_value"))


def _parts(
    account: FromClause, setting: SettingName, names: Mapping[str, str], type_: TypeEngine[Any]
) -> Select[Any]:
    """A setting whose value has several parts: a column for each, and for each of the account's own. `names`:
    of the columns and, in JSON, of the parts."""
    statement, found, mine = _joined(account, text(setting.value))
    value = func.coalesce(found.c.value, usual(setting))
    for name, part in names.items():
        statement = statement.add_columns(
            _part(value, part, type_).label(name), _part(mine.c.value, part, type_).label(f"own_{name}")
        )
    return statement


def _functions(setting: FromClause, function: FromClause) -> Select[Any]:
    return select(*function.c, function.c.account_id.label("from_id"), setting.c.id.label("id"))


def _object(setting: FromClause, *names: str) -> Select[Any]:
    """The parts of a value as a row of its own, if there is one."""
    own = accounts.alias()
    parts = [setting.c[name].label(name.removeprefix("own_")) for name in names]
    return select(*own.c, *parts).where(in_tree(own, setting, id="id"), setting.c[names[0]].is_not(None))


def _part(value: ColumnElement[Any], name: str, type_: TypeEngine[Any]) -> ColumnElement[Any]:
    return cast(func.jsonb_extract_path_text(value, text(name)), type_)


def _joined(account: FromClause, setting: ColumnElement[str]) -> tuple[Select[Any], FromClause, FromClause]:
    """The account with where a setting comes from and who locks it; the row that is in force; its own row."""
    own, mine = accounts.alias(), settings.alias()
    found = in_force(own, setting).lateral()
    is_mine = and_(in_tree(mine, own, account_id="id"), mine.c.setting == setting)
    statement = (
        select(
            *own.c,
            found.c.account_id.label("from_id"),
            found.c.copied_from_id,
            found.c.copied_at,
            lock_above(own, setting).label("locked_by_id"),
            func.coalesce(mine.c.locked, _FALSE).label("locks_below"),
        )
        .select_from(own.outerjoin(mine, is_mine).outerjoin(found, true()))
        .where(in_tree(own, account, id="id"))
    )
    return statement, found, mine
