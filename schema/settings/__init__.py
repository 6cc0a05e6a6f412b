"""Settings: what accounts set, inherit, lock for those below, and copy from each other."""

from schema.fields.contribution import Contribution
from schema.settings.enums import ENUMS
from schema.settings.mutations import SettingsMutation
from schema.settings.queries import SettingsQuery

CONTRIBUTION = Contribution(queries=(SettingsQuery,), mutations=(SettingsMutation,), enums=ENUMS)
