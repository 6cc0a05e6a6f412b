"""What is tried about API keys in dry runs with random inputs."""

from typing import Any

from sqlalchemy import Row

from models.api_keys.tables import api_keys
from models.base.ids import Kind, present
from tests.authz.escalation.dry_run_tries import Draw, Tries, Try
from tests.authz.matrix.matrix_callers import once


async def _api_key_create(tries: Tries, draw: Draw) -> Try:
    values = {"accountId": tries.account(draw).id, "name": once(), "roleId": await tries.role_id(draw)}
    return tries.by_owner(**values)


async def _api_key_update(tries: Tries, draw: Draw) -> Try:
    row = await _key(tries, draw)
    values = {"expectedVersion": row.version, "permissions": sorted(draw.permissions)}
    return tries.by_owner(apiKeyId=present(Kind.API_KEY, row.id), **values)


async def _api_key(tries: Tries, draw: Draw) -> Try:
    """To rotate, to revoke or to adopt."""
    return tries.by_owner(apiKeyId=present(Kind.API_KEY, (await _key(tries, draw)).id))


async def _key(tries: Tries, draw: Draw) -> Row[Any]:
    """One of those that there are, and one more that has stopped without its maker."""
    await tries.add_stopping_key(tries.guest)
    return await tries.one(api_keys, draw.target)


TRIES = {
    "apiKeyCreate": _api_key_create,
    "apiKeyUpdate": _api_key_update,
    "apiKeyRotate": _api_key,
    "apiKeyRevoke": _api_key,
    "apiKeyAdopt": _api_key,
}
