"""Settings as an account's log shows them."""

from collections.abc import Mapping
from dataclasses import asdict, fields

from models.settings.tables import SettingName
from resolvers.effects.log import Change
from resolvers.settings.store import Functions, StoredFunction, StoredSetting
from resolvers.settings.values import PLATFORM_VALUES, BounceLimits, QuietHours, SettingValue

_PARTS = {
    SettingName.BOUNCE_LIMITS: tuple(field.name for field in fields(BounceLimits)),
    SettingName.QUIET_HOURS: tuple(field.name for field in fields(QuietHours)),
}


def logged_change(
    before: Mapping[SettingName, StoredSetting],
    after: Mapping[SettingName, StoredSetting],
    own: Mapping[str, StoredFunction],
    functions: Functions,
) -> tuple[Change, Change]:
    """What is different after a change: the account's own values, its locks and its field functions."""
    old: Functions = {name: own.get(name) for name in functions}
    one = _settings({setting: before[setting] for setting in after}) | _functions(old)
    other = _settings(after) | _functions(functions)
    different = [name for name in other if one[name] != other[name]]
    return {name: one[name] for name in different}, {name: other[name] for name in different}


def _settings(stored: Mapping[SettingName, StoredSetting]) -> Change:
    found: Change = {"locked": sorted(setting.value for setting, new in stored.items() if new.locked)}
    for setting in PLATFORM_VALUES:
        if setting in stored:
            found |= _value(setting, stored[setting].value)
    return found


def _value(setting: SettingName, value: SettingValue | None) -> Change:
    """A value under the setting's name, or its parts each under a name of its own."""
    name = setting.value.lower()
    if setting not in _PARTS:
        return {name: None if value is None else str(value)}
    parts = {} if value is None or isinstance(value, str) else asdict(value)
    return {f"{name}.{part}": parts.get(part) for part in _PARTS[setting]}


def _functions(functions: Functions) -> Change:
    return {
        f"field_functions.{name}": None if function is None else function.text
        for name, function in functions.items()
    }
