"""The query that compares the settings of two accounts."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.declarations import to_one
from resolvers.settings import differences
from schema.fields.marks import needs
from schema.settings.differences import SettingsDiff


@strawberry.type
class SettingsQuery:
    settings_diff: SettingsDiff | None = to_one(
        differences.between, absent="NOT_FOUND", directives=needs(Permission.SETTINGS_READ)
    )
