"""Whether the process is alive, and whether it can serve."""

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.database.pool import Pool
from server.database.readiness import KeptReadiness, Readiness, look


def routes(database: AsyncEngine, replica: Pool | None = None) -> list[Route]:
    """`/healthz`: the process answers. `/readyz`: the database is there, current and takes changes, else 503
    with a code and a reason. It is looked at once a second, however many ask.

    `/readyz` shows how old a replica's answers may be. A replica that is behind or away does not make the
    process unready.
    """
    readiness = KeptReadiness(lambda: look(database, replica))

    async def alive(request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(request: Request) -> Response:
        found = await readiness.get()
        told = _told_of_replica(found)
        if found.obstacle is None:
            return JSONResponse({"status": "ready", **told})
        obstacle = {"code": found.obstacle.code, "reason": found.obstacle.message}
        return JSONResponse({"status": "not ready", **obstacle, **told}, 503)

    return [Route("/healthz", alive), Route("/readyz", ready)]


def _told_of_replica(found: Readiness) -> dict[str, object]:
    if found.replica is None:
        return {}
    until = found.replica.changes_until
    changes_until = None if until is None else until.isoformat()
    return {"replica": {"status": found.replica.status.value, "changesUntil": changes_until}}
