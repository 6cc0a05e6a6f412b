"""Jobs for `mandant worker`. The transaction that makes a job necessary puts it into PGQueuer's queue.

The queue has a schema of its own (migration 0015). A job names what to look at, never what to do: when it
runs, the tables of its tree decide what is due. So a job that runs twice, too early or for nothing changes
nothing.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from models.areas import modules_of_areas
from models.base.ids import AccountId, AccountKey, MasterId

QUEUE_SCHEMA = "pgq"
"""The schema of PGQueuer's tables."""


@dataclass(frozen=True)
class JobKind:
    """What a job looks at. An area declares its kinds in `models/<area>/job_kinds.py`."""

    name: str
    """Its name in the queue."""
    due: str
    """The stored function that returns the trees and the subjects for which a job is due now."""
    priority: int = 1
    """Jobs with a higher one come first."""
    is_held_after_deaths: bool = True
    """Whether it is held after several workers have died on it. Not where a worker commits what it begins
    before it begins it: whatever killed one is not begun again, and the next one gets further."""


@cache
def job_kinds() -> Mapping[str, JobKind]:
    """The kinds of all areas, by their names."""
    areas = modules_of_areas("models.{area}.job_kinds")
    return {kind.name: kind for area in areas for kind in area.JOB_KINDS}


@dataclass(frozen=True)
class Job:
    """A job in a tree. `subject_id`: the id of what the kind says."""

    kind: JobKind
    master_id: MasterId
    subject_id: uuid.UUID

    @property
    def payload(self) -> bytes:
        """The job as the queue holds it."""
        return f"{self.master_id} {self.subject_id}".encode()

    @property
    def account(self) -> AccountKey:
        """The subject of a job whose kind looks at accounts."""
        return AccountKey(self.master_id, AccountId(self.subject_id))

    @classmethod
    def read(cls, kind: str, payload: bytes | None) -> "Job":
        """The job of these columns of the queue. Raises ValueError for another payload, KeyError for a kind
        that there is not."""
        master_id, subject_id = (payload or b"").decode().split(" ")
        return cls(job_kinds()[kind], MasterId(uuid.UUID(master_id)), uuid.UUID(subject_id))
