"""Settings for tests, set straight in the database."""

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert as upsert

from models.settings.tables import SettingName, field_functions, settings
from resolvers.settings.values import SettingValue, stored_form
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
