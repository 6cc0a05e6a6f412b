"""Mutations of jobs about contacts."""

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import ContactJobId, Kind
from resolvers.contacts.jobs import cancellation
from resolvers.contacts.jobs import reads as job_reads
from resolvers.inputs.global_ids import required
from schema.contacts.job_types import ContactJob
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload


@strawberry.input(description="The import to cancel.")
class ContactImportCancelInput:
    job_id: strawberry.ID = strawberry.field(description="The import's job.")


@entity(None, carries={"job_id": Uuid()})
class JobPayload(Payload):
    """The changed job."""

    job: ContactJob | None = to_one(job_reads.of_result)


@strawberry.type
class ContactJobMutation:
    @mutation(needs(Permission.CONTACTS_WRITE))
    async def contact_import_cancel(
        self, session: WriteSession, principal: Principal, input: ContactImportCancelInput
    ) -> JobPayload:
        """Import no more of a file. What was imported stays. This is possible in any status of the
        account."""
        job_id = ContactJobId(required(Kind.CONTACT_JOB, input.job_id, "jobId"))
        await cancellation.cancel_import(session, principal, job_id)
        return payload(JobPayload, job_id=job_id)
