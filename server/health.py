"""Whether the process is alive, and whether it can serve."""

import asyncio

import asyncpg
import sqlalchemy.exc
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.migrate import why_not_current

_PATIENCE = 3
"""Seconds to wait for the database."""


def routes(database: AsyncEngine) -> list[Route]:
    """`/healthz`: the process answers. `/readyz`: the database is there and current, else 503."""

    async def alive(request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(request: Request) -> Response:
        reason = await _why_not_ready(database)
        if reason is None:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "not ready", "reason": reason}, 503)

    return [Route("/healthz", alive), Route("/readyz", ready)]


async def _why_not_ready(database: AsyncEngine) -> str | None:
    try:
        async with asyncio.timeout(_PATIENCE), database.connect() as connection:
            return await connection.run_sync(why_not_current)
    except (OSError, TimeoutError, sqlalchemy.exc.SQLAlchemyError, asyncpg.PostgresError):
        return "the database cannot be reached"
