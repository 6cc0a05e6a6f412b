"""Root fields of the area."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.declarations import to_one
from resolvers.contacts import job_reads
from schema.contacts.job_types import ContactJob
from schema.fields.marks import needs


@strawberry.type
class ContactQuery:
    job: ContactJob | None = to_one(
        job_reads.by_id, absent="NOT_FOUND", directives=needs(Permission.CONTACTS_READ)
    )
