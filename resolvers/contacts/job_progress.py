"""How far a job about contacts is, where it counts. Only imports do: a deletion removes batch by batch until
nothing is left, and to count its rows first would cost as much as the work."""

from sqlalchemy import ColumnElement, FromClause, case

from engine.base.client_values import text
from models.contacts.jobs import ContactJobKind, ContactJobStatus


def done_of(job: FromClause) -> ColumnElement[int]:
    """The rows of the file that were read so far; null for a deletion."""
    return case((_is_import(job), job.c.done))


def total_of(job: FromClause) -> ColumnElement[int]:
    """All rows of the file; null until the whole file has come, and for a deletion."""
    is_known = (job.c.total > 0) | (job.c.status == text(ContactJobStatus.DONE.value))
    return case((_is_import(job) & is_known, job.c.total))


def _is_import(job: FromClause) -> ColumnElement[bool]:
    return job.c.kind == text(ContactJobKind.IMPORT.value)
