"""Jobs about contacts: imports, and what lists, attributes and closed accounts leave behind."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of, global_id
from engine.declare.connections import Connection
from engine.declare.declarations import column, computed, connection, entity, to_one
from engine.declare.far import FarParent
from models.base.ids import Kind
from models.contacts.jobs import (
    ContactJobKind,
    ContactJobStatus,
    contact_import_errors,
    contact_jobs,
)
from resolvers.contacts import job_progress
from resolvers.contacts.jobs import reads as job_reads
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef


@entity(contact_jobs, requires=Permission.CONTACTS_READ, name="JobProgress")
class JobProgress:
    """How far a job is. Deletions do not count what they remove."""

    done: int | None = computed(job_progress.done_of)
    total: int | None = computed(job_progress.total_of)


@entity(
    contact_import_errors,
    key=("master_id", "account_id", "id"),
    requires=Permission.CONTACTS_READ,
    far=True,
    name="JobError",
)
class JobError:
    """A row of a file that was refused."""

    line: int = column(description="Where the row begins in the file, from 1.")
    reason: str = column(description="Why it was refused.")


@entity(contact_jobs, requires=Permission.CONTACTS_READ, name="Job")
class ContactJob(Node):
    """Something that takes long, such as the import of a file. A worker does it, and the job tells how far it
    is."""

    id: strawberry.ID = column(codec=global_id(Kind.CONTACT_JOB), description=ID_DESCRIPTION)
    account: AccountRef | None = to_one(job_reads.account_of)
    kind: ContactJobKind = column(codec=enum_of(ContactJobKind), description="What it does.")
    status: ContactJobStatus = column(codec=enum_of(ContactJobStatus), description="How far it is.")
    progress: JobProgress = to_one(job_reads.itself)
    created: int = column(description="The contacts that it created.")
    updated: int = column(description="The contacts that it changed.")
    refused: int = column(description="The rows that were refused.")
    errors: Connection[JobError] = connection(
        job_reads.errors_of, order=job_reads.BY_LINE, far=FarParent("account_id", "id")
    )
    failure: str | None = column(description="Why it failed.")
    created_at: datetime.datetime = column(description="When it was asked for.")
    started_at: datetime.datetime | None = column(description="When a worker began.")
    ended_at: datetime.datetime | None = column(description="When it was over.")
