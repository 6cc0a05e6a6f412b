"""What is tried about settings in dry runs with random inputs."""

from models.settings.tables import SettingName
from tests.authz.escalation.dry_run_tries import Draw, Tries, Try
from tests.world.settings import set_setting


async def _copy(tries: Tries, draw: Draw) -> Try:
    source = tries.account(draw)
    await set_setting(tries.world, source, SettingName.LANGUAGE, "de")
    return tries.by_owner(fromAccountId=source.id, toAccountId=tries.tree[-1].id, settings=["LANGUAGE"])


TRIES = {"settingsCopy": _copy}
