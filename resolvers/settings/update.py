"""Changing an account's settings, and locking them for the accounts below (N15, R83)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, authorize, authorize_also
from authz.policy.permissions import Permission
from authz.policy.refusals import PermissionDenied, Refusal, RefusalCode
from authz.reach.ends import ANY_MOMENT
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId
from models.settings.tables import SettingName
from resolvers.effects.account_versions import check_version, raise_version
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record_of_account
from resolvers.inputs.countries import country
from resolvers.inputs.languages import language
from resolvers.inputs.text import visible_text
from resolvers.inputs.unchanged import UNCHANGED, Unchanged
from resolvers.people.time_zones import check_time_zone
from resolvers.settings import checks
from resolvers.settings.logged import logged_change
from resolvers.settings.store import (
    Functions,
    StoredFunction,
    StoredSetting,
    check_unlocked,
    input_field,
    stored_functions,
    stored_settings,
    write_functions,
    write_settings,
)
from resolvers.settings.values import BounceLimits, FieldFunction, QuietHours, SettingValue


@dataclass(frozen=True)
class SettingsUpdate:
    """The new values of an account; None removes its own, so that it inherits again. `expected_version`: of
    the account. `field_functions` None removes all of its own; else those named are changed."""

    account_id: AccountId
    expected_version: int
    time_zone: str | Unchanged | None = UNCHANGED
    default_country: str | Unchanged | None = UNCHANGED
    language: str | Unchanged | None = UNCHANGED
    sender_name: str | Unchanged | None = UNCHANGED
    sender_address: str | Unchanged | None = UNCHANGED
    unsubscribe_page: str | Unchanged | None = UNCHANGED
    campaign_approval: str | Unchanged | None = UNCHANGED
    bounce_limits: BounceLimits | Unchanged | None = UNCHANGED
    quiet_hours: QuietHours | Unchanged | None = UNCHANGED
    field_functions: Sequence[FieldFunction] | Unchanged | None = UNCHANGED
    lock: frozenset[SettingName] = frozenset()
    unlock: frozenset[SettingName] = frozenset()


async def update_settings(session: WriteSession, principal: Principal, command: SettingsUpdate) -> Authorized:
    """Change the settings of an account.

    Needs SETTINGS_WRITE, by whichever right: a setting gives no access. A lock binds the accounts below, so
    to lock and unlock needs it there too, by a right that lasts. Raises VersionConflict, SETTING_LOCKED,
    BAD_USER_INPUT.
    """
    account = await authorize(
        session, principal, command.account_id, Permission.SETTINGS_WRITE, until=ANY_MOMENT
    )
    if command.lock | command.unlock:
        await _authorize_locks(session, principal, account, command)
    check_version(account, command.expected_version)
    values = await _checked(session, command)
    before = await stored_settings(session, account)
    after = {setting: _changed(setting, old, values, command) for setting, old in before.items()}
    changed = {setting: new for setting, new in after.items() if new != before[setting]}
    own, functions = await _changed_functions(session, account, command)
    touched = {*changed, SettingName.FIELD_FUNCTIONS} if functions else set(changed)
    if not touched:
        return account
    named = {setting: _field_of(setting, command) for setting in touched}
    await check_unlocked(session, principal, account, before, named)
    await write_settings(session, account, changed)
    await write_functions(session, account, own, functions, input_field(SettingName.FIELD_FUNCTIONS))
    await raise_version(session, account)
    log = logged_change(before, changed, own, functions)
    await record_of_account(session, principal, account, EventType.SETTINGS_UPDATED, *log)
    return account


async def _authorize_locks(
    session: WriteSession, principal: Principal, account: Authorized, command: SettingsUpdate
) -> None:
    locking = await authorize_also(session, principal, account.account_id, Permission.SETTINGS_WRITE)
    if not locking.below_mask & Permission.SETTINGS_WRITE.bit:
        raise PermissionDenied(Permission.SETTINGS_WRITE)
    if command.lock & command.unlock:
        message = "A setting cannot be locked and unlocked at once."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "unlock")


async def _checked(
    session: WriteSession, command: SettingsUpdate
) -> dict[SettingName, SettingValue | Unchanged | None]:
    """The new values in the form that is stored. Raises BAD_USER_INPUT."""
    if isinstance(command.time_zone, str):
        await check_time_zone(session, command.time_zone)
    texts = {
        SettingName.DEFAULT_COUNTRY: (command.default_country, country),
        SettingName.LANGUAGE: (command.language, language),
        SettingName.SENDER_NAME: (command.sender_name, visible_text),
        SettingName.SENDER_ADDRESS: (command.sender_address, checks.sender_address),
        SettingName.UNSUBSCRIBE_PAGE: (command.unsubscribe_page, checks.https_url),
        SettingName.CAMPAIGN_APPROVAL: (command.campaign_approval, checks.campaign_approval),
    }
    found: dict[SettingName, SettingValue | Unchanged | None] = {
        setting: check(given, input_field(setting)) if isinstance(given, str) else given
        for setting, (given, check) in texts.items()
    }
    limits, hours = command.bounce_limits, command.quiet_hours
    if isinstance(limits, BounceLimits):
        limits = checks.bounce_limits(limits, "bounceLimits")
    if isinstance(hours, QuietHours):
        hours = checks.quiet_hours(hours, "quietHours")
    return found | {
        SettingName.TIME_ZONE: command.time_zone,
        SettingName.BOUNCE_LIMITS: limits,
        SettingName.QUIET_HOURS: hours,
    }


def _changed(
    setting: SettingName,
    old: StoredSetting,
    values: Mapping[SettingName, SettingValue | Unchanged | None],
    command: SettingsUpdate,
) -> StoredSetting:
    """The setting after the update. A value that was copied and stays the same is still a copy."""
    locked = setting in command.lock or (old.locked and setting not in command.unlock)
    value = values.get(setting, UNCHANGED)
    if value is UNCHANGED or value == old.value:
        return replace(old, locked=locked)
    return replace(old, value=value, locked=locked, copied=None)


def _field_of(setting: SettingName, command: SettingsUpdate) -> str:
    """The input's field that changes the setting: its own, or the one that locks or unlocks it."""
    field = input_field(setting)
    if getattr(command, setting.value.lower()) is not UNCHANGED:
        return field
    return "lock" if setting in command.lock else "unlock"


async def _changed_functions(
    session: WriteSession, account: Authorized, command: SettingsUpdate
) -> tuple[dict[str, StoredFunction], Functions]:
    """The account's own field functions, and those of them that the update changes."""
    given = command.field_functions
    if given is UNCHANGED:
        return {}, {}
    texts = None if given is None else checks.field_functions(given, "fieldFunctions")
    own = await stored_functions(session, account)
    wanted = dict.fromkeys(own) if texts is None else texts
    changed: Functions = {
        name: None if text is None else StoredFunction(text)
        for name, text in wanted.items()
        if text != (own[name].text if name in own else None)
    }
    return own, changed
