"""The values of settings: their types, what holds where nobody has set one, and their form as JSON."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from models.settings.tables import SettingName


class CampaignApproval(enum.Enum):
    """Who has to agree that a campaign is sent, besides whoever sends it."""

    NONE = "NONE"
    ANOTHER_PERSON = "ANOTHER_PERSON"


@dataclass(frozen=True)
class BounceLimits:
    """So many soft bounces within so many days exclude a recipient."""

    soft_bounces: int
    days: int


@dataclass(frozen=True)
class QuietHours:
    """From when until when nothing is sent, as HH:MM in the account's time zone. They may pass midnight."""

    start: str
    end: str


@dataclass(frozen=True)
class FieldFunction:
    """A named text. As a change, `text` None removes the account's own."""

    name: str
    text: str | None


SettingValue = str | BounceLimits | QuietHours
StoredValue = str | dict[str, str | int]
"""A value as JSON: as it is stored, and as clients see it where its type is not fixed."""

PLATFORM_VALUES: Mapping[SettingName, SettingValue | None] = {
    SettingName.TIME_ZONE: "UTC",
    SettingName.DEFAULT_COUNTRY: None,
    SettingName.LANGUAGE: "en",
    SettingName.SENDER_NAME: None,
    SettingName.SENDER_ADDRESS: None,
    SettingName.UNSUBSCRIBE_PAGE: None,
    SettingName.CAMPAIGN_APPROVAL: CampaignApproval.NONE.value,
    SettingName.BOUNCE_LIMITS: BounceLimits(5, 30),
    SettingName.QUIET_HOURS: None,
}
"""What holds where no account on the path has set a value: every setting but FIELD_FUNCTIONS."""


def stored_form(value: SettingValue) -> StoredValue:
    """The value as JSON, with the names that clients know."""
    match value:
        case BounceLimits():
            return {"softBounces": value.soft_bounces, "days": value.days}
        case QuietHours():
            return {"start": value.start, "end": value.end}
    return value


def value_of(setting: SettingName, stored: StoredValue) -> SettingValue:
    """The value that was stored. Raises TypeError for another setting's."""
    if isinstance(stored, str):
        return stored
    if setting is SettingName.BOUNCE_LIMITS:
        return BounceLimits(int(stored["softBounces"]), int(stored["days"]))
    if setting is SettingName.QUIET_HOURS:
        return QuietHours(str(stored["start"]), str(stored["end"]))
    raise TypeError(f"{setting} has no such values")
