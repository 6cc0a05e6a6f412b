"""The rows of the area `settings` in the tables that have one for each mutation, table or id."""

from models.base.ids import Kind
from models.settings.tables import SettingName, settings
from tests.authz.escalation.statuses import NEEDS_ACTIVE, Row
from tests.authz.rules.consequences import NO_CONSEQUENCE
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.client.updates import Field, Null, Update, Updated, of_account
from tests.storage.growth import one_each
from tests.storage.tree import Tree
from tests.world.brand import Brand
from tests.world.settings import give_settings, set_function, set_setting
from tests.world.world import World

CONSEQUENCES = {
    "settingsUpdate": NO_CONSEQUENCE,
    "settingsCopy": NO_CONSEQUENCE,
}


STATUSES = {
    "settingsUpdate": Row(NEEDS_ACTIVE),
    "settingsCopy": Row(NEEDS_ACTIVE),
}


BOUNDS = {
    "settings": one_each("at most one for an account and setting"),
    "field_functions": one_each("at most 100 for an account"),
}

_OTHERS: dict[str, object] = {
    "timeZone": "Asia/Tokyo",
    "defaultCountry": "CH",
    "language": "de-CH",
    "senderName": "Hotel",
    "senderAddress": "news@example.com",
    "unsubscribePage": "https://example.com/bye",
    "campaignApproval": "NONE",
    "bounceLimits": {"softBounces": 3, "days": 7},
    "quietHours": {"start": "22:00", "end": "06:30"},
    "fieldFunctions": [{"name": "greeting", "text": "Hello"}],
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    both = {"fromAccountId": place.master.id, "toAccountId": place.account.id}
    update = {"accountId": place.account.id, "expectedVersion": 1, **_OTHERS}
    return {
        "settingsUpdate": {**update, "lock": ["LANGUAGE"], "unlock": ["TIME_ZONE"]},
        "settingsCopy": {**both, "settings": ["LANGUAGE"]},
    }


ID_FIELDS = {
    "copyFrom": Kind.ACCOUNT,
}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await set_setting(world, tree.account, SettingName.LANGUAGE, "de", copied_from=tree.master)
    await set_function(world, tree.account, "greeting", "Hello", copied_from=tree.master)


async def _settings(world: World, brand: Brand) -> Updated:
    await give_settings(world, brand.us, 1)
    return of_account(brand.us, settings)


async def _locked(world: World, brand: Brand) -> Updated:
    await set_setting(world, brand.us, SettingName.LANGUAGE, "de", locked=True)
    return of_account(brand.us, settings)


UPDATES = {
    "settingsUpdate": Update(
        settings,
        _settings,
        {
            **{
                field: Field(_OTHERS[field], (setting.value,), None)
                for setting, field in zip(SettingName, _OTHERS, strict=True)
            },
            "lock": Field(["LANGUAGE"], ("LANGUAGE locked",), Null.REFUSED),
            "unlock": Field(["LANGUAGE"], ("LANGUAGE locked",), Null.REFUSED, _locked),
        },
    ),
}
