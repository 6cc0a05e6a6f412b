"""How the settings of two accounts differ."""

from typing import Any

import orjson
from sqlalchemy import Text, Uuid, cast
from sqlalchemy.types import TypeEngine
from strawberry.scalars import JSON

from authz.policy.permissions import Permission
from engine.declare.codecs import Codec, enum_of
from engine.declare.connections import Connection
from engine.declare.declarations import column, computed, connection, entity, to_one
from models.accounts.tables import accounts
from models.settings.tables import SettingName
from resolvers.settings import differences
from schema.fields.references import AccountRef
from schema.settings.types import ORIGIN, OriginFields

JSON_TEXT = Codec(orjson.loads, lambda column: [cast(column, Text)])
"""A text that is JSON already."""
_SIDE: dict[str, TypeEngine[Any]] = {"value": Text(), **ORIGIN}
_OTHER = {"other_master_id": Uuid(), "other_id": Uuid()}


@entity(accounts, carries=_SIDE, requires=Permission.SETTINGS_READ)
class SettingState(OriginFields):
    """A setting in one of two accounts."""

    value: JSON | None = column(
        codec=JSON_TEXT,
        description="The value that is in force: a text, or an object with the fields of `BounceLimits` or "
        "`QuietHours`; null if there is none.",
    )


@entity(
    accounts,
    carries={
        "setting": Text(),
        "function_name": Text(),
        **_OTHER,
        **{f"{side}_{name}": type_ for side in "ab" for name, type_ in _SIDE.items()},
    },
    requires=Permission.SETTINGS_READ,
)
class SettingDifference:
    """A setting whose value is not the same in two accounts."""

    setting: SettingName = column(codec=enum_of(SettingName), description="The setting.")
    function: str | None = computed(differences.function_of)
    a: SettingState = to_one(differences.in_a)
    b: SettingState = to_one(differences.in_b)


@entity(accounts, carries=_OTHER, requires=Permission.SETTINGS_READ)
class SettingsDiff:
    """Two accounts, and how their settings differ."""

    a: AccountRef | None = to_one(differences.account_a)
    b: AccountRef | None = to_one(differences.account_b)
    differences: Connection[SettingDifference] = connection(differences.of_pair, order=differences.BY_SETTING)
