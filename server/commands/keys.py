"""The secrets with which the database's encrypted values are sealed."""

import asyncio

import typer

from authz.policy.refusals import Refusal
from engine.text.numbers import counted
from engine.writes.sessions import WriteSessions
from resolvers.sealing.keyring import Keyring
from resolvers.sealing.places import sealed_columns
from resolvers.sealing.rotate import Resealed, reseal
from server.commands.database import open_database, read_settings
from server.database.current import check_owner, owners_database
from server.failures.command_failed import CommandFailed, database_failures
from server.settings.secret_keys import keyring_source


async def rotate(owner_url: str, keyring: Keyring) -> Resealed:
    """Seal everything that an older secret has sealed with the newest one. Raises CommandFailed for anybody
    but the database's owner, and if migrations are due."""
    done = unopened = 0
    async with owners_database(owner_url) as database:
        async with database.connect() as connection:
            await check_owner(connection, "secrets")
        for column in sealed_columns():
            resealed = await reseal(WriteSessions(database), keyring, column)
            done += resealed.done
            unopened += resealed.unopened
    return Resealed(done, unopened)


GROUP = typer.Typer(name="keys", help="The keys of what is stored encrypted.", no_args_is_help=True)


@GROUP.command("rotate")
def keys_rotate() -> None:
    """Encrypt with the first of MANDANT_SECRET_KEYS what another one has encrypted, as the database's owner.

    Servers and workers may run meanwhile. If it is interrupted, run it again.
    """
    settings = read_settings()
    with open_database(settings) as addresses, database_failures():
        try:
            keyring = keyring_source(settings)()
        except Refusal as refusal:
            raise CommandFailed(f"{refusal.message} Set MANDANT_SECRET_KEYS.") from refusal
        resealed = asyncio.run(rotate(addresses.owner, keyring))
    typer.echo(f"{resealed.done} encrypted again with the newest key.")
    if resealed.unopened:
        values = counted(resealed.unopened, "value")
        raise CommandFailed(f"None of the keys opens {values}: nothing of that was changed.")
