"""How much work waits in the database, for the metrics of any process that serves."""

from time import monotonic

import structlog

from engine.writes.sessions import WriteSessions
from models.effects.jobs import job_kinds
from server.failures.errors import failure_of
from server.logs.metrics import oldest_job_seconds, unsealed_seconds, waiting_jobs, waiting_mails

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_KEPT_SECONDS = 10.0

_JOBS = """
SELECT entrypoint, status::text, count(*), extract(epoch FROM now() - min(since))::float8
FROM (
  SELECT entrypoint, status, greatest(created, execute_after) AS since FROM pgq.pgqueuer
  WHERE execute_after <= now() LIMIT 100000
) AS due GROUP BY entrypoint, status"""

_MAILS = """
SELECT count(*) FROM (SELECT FROM outbox_messages WHERE sent_at IS NULL LIMIT 10000) AS waiting"""

_UNSEALED = "SELECT mandant_unsealed_seconds()"


class Depth:
    """Looks at most once in some seconds, however often it is asked."""

    def __init__(self, sessions: WriteSessions) -> None:
        self._sessions = sessions
        self._looked_at = -_KEPT_SECONDS

    async def look(self) -> None:
        """Bring the gauges up to date. Where the database is away they stay as they are."""
        now = monotonic()
        if now - self._looked_at < _KEPT_SECONDS:
            return
        self._looked_at = now
        try:
            async with self._sessions.begin() as session:
                rows = await session.rows(_JOBS, ())
                ((mails,),) = await session.rows(_MAILS, ())
                ((unsealed,),) = await session.rows(_UNSEALED, ())
        except Exception as error:  # metrics are served in any case
            _log.warning("the depth of the queue was not read", code=failure_of(error).code)
            return
        waiting_mails.set(mails)
        unsealed_seconds.set(unsealed)
        found = {(kind, status): (number, age) for kind, status, number, age in rows}
        nothing = dict.fromkeys(((kind, "queued") for kind in job_kinds()), (0, 0.0))
        for (kind, status), (number, age) in (nothing | found).items():
            waiting_jobs.labels(kind=kind, status=status).set(number)
            oldest_job_seconds.labels(kind=kind, status=status).set(age)
