"""Whether the process is alive, and whether it can serve."""

import asyncio

import asyncpg
import sqlalchemy.exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.pool import Pool
from server.migrate import why_not_current
from server.replica_health import replica_health

_PATIENCE = 3
"""Seconds to wait for the database."""


def routes(database: AsyncEngine, replica: Pool | None = None) -> list[Route]:
    """`/healthz`: the process answers. `/readyz`: the database is there and current, else 503.

    `/readyz` tells of a replica how old its answers may be; one that is behind or away is no reason not to
    serve.
    """

    async def alive(request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(request: Request) -> Response:
        try:
            async with asyncio.timeout(_PATIENCE), database.connect() as connection:
                reason = await connection.run_sync(why_not_current)
                told = await _told_of(connection, replica)
        except (OSError, TimeoutError, sqlalchemy.exc.SQLAlchemyError, asyncpg.PostgresError):
            reason, told = "the database cannot be reached", {}
        if reason is None:
            return JSONResponse({"status": "ready", **told})
        return JSONResponse({"status": "not ready", "reason": reason, **told}, 503)

    return [Route("/healthz", alive), Route("/readyz", ready)]


async def _told_of(primary: AsyncConnection, replica: Pool | None) -> dict[str, object]:
    if replica is None:
        return {}
    health = await replica_health(primary, replica)
    until = health.changes_until
    return {
        "replica": {
            "status": health.status.value,
            "changesUntil": None if until is None else until.isoformat(),
        }
    }
