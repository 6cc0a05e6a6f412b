"""Settings for tests, set straight in the database."""

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert as upsert

from models.settings.tables import SettingName, field_functions, settings
from resolvers.settings.values import BounceLimits, QuietHours, SettingValue, stored_form
from tests.world.world import Account, World


async def set_setting(
    world: World,
    account: Account,
    setting: SettingName,
    value: SettingValue | None,
    *,
    locked: bool = False,
    copied_from: Account | None = None,
) -> None:
    """The account has this value of its own, or locks the setting without one."""
    place = {"master_id": account.master, "account_id": account.key, "setting": setting.value}
    values = {
        "value": None if value is None else stored_form(value),
        "locked": locked,
        "copied_from_id": None if copied_from is None else copied_from.key,
        "copied_at": None if copied_from is None else func.now(),
    }
    written = upsert(settings).values(**place, **values)
    async with world.database.begin() as connection:
        await connection.execute(written.on_conflict_do_update(index_elements=list(place), set_=values))


async def set_function(
    world: World, account: Account, name: str, text: str, copied_from: Account | None = None
) -> None:
    """The account has this field function of its own."""
    place = {"master_id": account.master, "account_id": account.key, "name": name}
    values = {
        "text": text,
        "copied_from_id": None if copied_from is None else copied_from.key,
        "copied_at": None if copied_from is None else func.now(),
    }
    written = upsert(field_functions).values(**place, **values)
    async with world.database.begin() as connection:
        await connection.execute(written.on_conflict_do_update(index_elements=list(place), set_=values))


VALUES: dict[SettingName, SettingValue] = {
    SettingName.TIME_ZONE: "Europe/Berlin",
    SettingName.DEFAULT_COUNTRY: "DE",
    SettingName.LANGUAGE: "de",
    SettingName.SENDER_NAME: 'Inn "Sun" \\ 🔥',
    SettingName.SENDER_ADDRESS: "inn@example.com",
    SettingName.UNSUBSCRIBE_PAGE: "https://example.com/",
    SettingName.CAMPAIGN_APPROVAL: "ANOTHER_PERSON",
    SettingName.BOUNCE_LIMITS: BounceLimits(4, 8),
    SettingName.QUIET_HOURS: QuietHours("21:00", "07:00"),
}
"""A value for each setting that has one."""


async def give_settings(world: World, account: Account, functions: int) -> None:
    """The account has a value of each setting, and so many field functions."""
    for setting, value in VALUES.items():
        await set_setting(world, account, setting, value)
    for number in range(functions):
        await set_function(world, account, f"function_{number}", f"Text {number}")
