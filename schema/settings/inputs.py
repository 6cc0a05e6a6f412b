"""Inputs of the mutations that change and copy settings."""

from collections.abc import Iterable, Sequence

import strawberry

from models.settings.tables import SettingName
from resolvers.inputs.unchanged import UNCHANGED, Unchanged
from resolvers.settings import values
from schema.fields.updates import ACCOUNT_VERSION, expected_version, may_stay


@strawberry.input(description="How many soft bounces exclude a recipient.")
class BounceLimitsInput:
    soft_bounces: int = strawberry.field(description="The number of soft bounces, 1 to 100.")
    days: int = strawberry.field(description="The number of days within which they count, 1 to 365.")


@strawberry.input(description="Hours of the day in which nothing is sent. They may pass midnight.")
class QuietHoursInput:
    start: str = strawberry.field(description="When they start, as HH:MM from 00:00 to 23:59.")
    end: str = strawberry.field(description="When they end, as HH:MM; not the time at which they start.")


@strawberry.input(description="A field function to set or to remove.")
class FieldFunctionInput:
    name: str = strawberry.field(
        description="The name: 1 to 50 small letters a to z, digits and underscores, beginning with a letter."
    )
    text: str | None = strawberry.field(
        default=None,
        description="1 to 2,000 characters. Null removes the account's own, so that it is inherited again.",
    )


@strawberry.input(
    description="The account and its new values. Fields that are left out stay as they are; null removes "
    "the account's own value, so that it is inherited again."
)
class SettingsUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    time_zone: str | None = may_stay("An IANA name such as Europe/Berlin.")
    default_country: str | None = may_stay("Two letters of ISO 3166-1.")
    language: str | None = may_stay(
        "A BCP 47 tag of a language, perhaps with a script and a region, such as de-AT."
    )
    sender_name: str | None = may_stay("1 to 200 characters.")
    sender_address: str | None = may_stay("An e-mail address.")
    unsubscribe_page: str | None = may_stay("An https URL of at most 2,000 characters.")
    campaign_approval: str | None = may_stay("NONE or ANOTHER_PERSON.")
    bounce_limits: BounceLimitsInput | None = may_stay("How many soft bounces exclude a recipient.")
    quiet_hours: QuietHoursInput | None = may_stay("The hours in which nothing is sent.")
    field_functions: list[FieldFunctionInput] | None = may_stay(
        "The field functions to set or remove; others stay. An account has at most 100 of its own. Null "
        "removes all of them."
    )
    lock: list[SettingName] | None = may_stay(
        "The settings to lock for the accounts below. Requires SETTINGS_WRITE in the accounts below too, by "
        "a right that does not expire."
    )
    unlock: list[SettingName] | None = may_stay(
        "The settings to unlock. Requires the same. What the accounts below have stored holds again."
    )


@strawberry.input(description="Settings to copy.")
class SettingsCopyInput:
    from_account_id: strawberry.ID = strawberry.field(
        description="The account to copy from. Requires SETTINGS_READ there."
    )
    to_account_id: strawberry.ID = strawberry.field(
        description="The account to copy to, in the same tree. Requires SETTINGS_WRITE there."
    )
    settings: list[SettingName] = strawberry.field(description="The settings to copy.")
    dry_run: bool = strawberry.field(
        default=False,
        description="Change nothing. `changes` returns what would change, and all other fields are null. "
        "Refusals are the same as without `dryRun`.",
    )


def names(given: Iterable[SettingName] | Unchanged) -> frozenset[SettingName]:
    """The settings; none where the field is left out."""
    return frozenset() if given is UNCHANGED else frozenset(given)


def bounce_limits(given: BounceLimitsInput | None) -> values.BounceLimits | None:
    """As resolvers take them."""
    return None if given is None else values.BounceLimits(soft_bounces=given.soft_bounces, days=given.days)


def quiet_hours(given: QuietHoursInput | None) -> values.QuietHours | None:
    """As resolvers take them."""
    return None if given is None else values.QuietHours(start=given.start, end=given.end)


def functions(given: Sequence[FieldFunctionInput] | None) -> list[values.FieldFunction] | None:
    """As resolvers take them."""
    if given is None:
        return None
    return [values.FieldFunction(name=each.name, text=each.text) for each in given]
