"""Settings, each with where its value comes from."""

import datetime
from typing import Any

import strawberry
from sqlalchemy import Boolean, DateTime, Integer, Text, Uuid
from sqlalchemy.types import TypeEngine

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of
from engine.declare.declarations import column, computed, entity, to_many, to_one
from models.accounts.tables import accounts
from models.settings.tables import MOST_FIELD_FUNCTIONS, field_functions
from resolvers.settings import reads
from resolvers.settings.reads import SettingOrigin
from schema.fields.references import AccountRef

_READ = Permission.SETTINGS_READ
_FROM: dict[str, TypeEngine[Any]] = {"from_id": Uuid(), "copied_from_id": Uuid()}
_LOCK: dict[str, TypeEngine[Any]] = {"locked_by_id": Uuid(), "locks_below": Boolean()}
ORIGIN = {**_FROM, "copied_at": DateTime(timezone=True)}
"""What says where a value comes from."""
_STATE = {**ORIGIN, **_LOCK}


def _values(type_: TypeEngine[Any], *names: str) -> dict[str, TypeEngine[Any]]:
    return {column: type_ for name in names for column in (name, f"own_{name}")}


@strawberry.type
class OriginFields:
    origin: SettingOrigin = computed(reads.origin_of, codec=enum_of(SettingOrigin))
    inherited_from: AccountRef | None = to_one(reads.inherited_from)
    copied_from: AccountRef | None = to_one(reads.copied_from)
    copied_at: datetime.datetime | None = computed(reads.copied_at)


@strawberry.type
class LockFields:
    is_locked: bool = computed(reads.is_locked)
    locked_by: AccountRef | None = to_one(reads.locked_by)
    locks_below: bool = column(
        description="Whether this account has locked the setting, so that the accounts below inherit the "
        "value and cannot change it. The lock ends at a link that does not pass SETTINGS_WRITE "
        "(`parentAccess`)."
    )


_OWN = (
    "The account's own value; null if it has none. While the setting is locked it is kept, and not in force."
)


@entity(accounts, carries={**_STATE, **_values(Text(), "value")}, requires=_READ)
class TextSetting(OriginFields, LockFields):
    """A setting whose value is a text."""

    value: str | None = column(description="The value that is in force; null if there is none.")
    own_value: str | None = column(description=_OWN)


@entity(accounts, carries={"soft_bounces": Integer(), "days": Integer()}, requires=_READ)
class BounceLimits:
    """How many soft bounces exclude a recipient."""

    soft_bounces: int = column(description="The number of soft bounces.")
    days: int = column(description="The number of days within which they count.")


@entity(accounts, carries={**_STATE, **_values(Integer(), "soft_bounces", "days")}, requires=_READ)
class BounceLimitsSetting(OriginFields, LockFields):
    """The setting for bounce limits."""

    value: BounceLimits = to_one(reads.value_of_bounces)
    own_value: BounceLimits | None = to_one(reads.own_bounces)


@entity(accounts, carries={"start": Text(), "end": Text()}, requires=_READ)
class QuietHours:
    """Hours of the day, in the time zone that is in force in the account. If they end before they start, they
    end on the next day."""

    start: str = column(description="When they start, as HH:MM from 00:00 to 23:59.")
    end: str = column(description="When they end, as HH:MM. This minute is not quiet any more.")


@entity(accounts, carries={**_STATE, **_values(Text(), "start", "end")}, requires=_READ)
class QuietHoursSetting(OriginFields, LockFields):
    """The setting for quiet hours."""

    value: QuietHours | None = to_one(reads.value_of_hours)
    own_value: QuietHours | None = to_one(reads.own_hours)


@entity(
    field_functions,
    key=("name", "master_id", "account_id"),
    carries={"id": Uuid(), "from_id": Uuid()},
    requires=_READ,
)
class FieldFunction(OriginFields):
    """A named text for use in messages."""

    name: str = column(description="The name: small letters a to z, digits and underscores.")
    text: str = column(description="The text.")


@entity(accounts, carries=_STATE, requires=_READ)
class FieldFunctionsSetting(LockFields):
    """The setting for field functions. Each of them has an origin of its own."""

    functions: list[FieldFunction] = to_many(reads.functions_of, most=MOST_FIELD_FUNCTIONS)
    own_functions: list[FieldFunction] = to_many(reads.own_functions, most=MOST_FIELD_FUNCTIONS)


@entity(accounts, requires=_READ)
class Settings:
    """The settings of an account. An account inherits what it has not set itself, and cannot set what an
    account above has locked. `Account.version` is their version."""

    time_zone: TextSetting = to_one(reads.time_zone)
    default_country: TextSetting = to_one(reads.default_country)
    language: TextSetting = to_one(reads.language)
    sender_name: TextSetting = to_one(reads.sender_name)
    sender_address: TextSetting = to_one(reads.sender_address)
    unsubscribe_page: TextSetting = to_one(reads.unsubscribe_page)
    campaign_approval: TextSetting = to_one(reads.campaign_approval)
    bounce_limits: BounceLimitsSetting = to_one(reads.bounce_limits)
    quiet_hours: QuietHoursSetting = to_one(reads.quiet_hours)
    field_functions: FieldFunctionsSetting = to_one(reads.field_functions)
