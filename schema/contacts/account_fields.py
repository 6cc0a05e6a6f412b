"""An account's contacts, lists and attributes."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import connection, to_many
from resolvers.contacts import attribute_reads, filters, list_reads, reads
from resolvers.contacts.attribute_creation import MOST_ATTRIBUTES
from resolvers.contacts.jobs import reads as job_reads
from schema.contacts.job_types import ContactJob
from schema.contacts.types import Contact, ContactAttribute, ContactList
from schema.fields.far import OF_ACCOUNT


@strawberry.type
class AccountFields:
    contacts: Connection[Contact] | None = connection(
        reads.of_account, order=filters.order, requires=Permission.CONTACTS_READ, far=OF_ACCOUNT
    )
    contact_lists: Connection[ContactList] | None = connection(
        list_reads.of_account, order=list_reads.BY_NAME, requires=Permission.CONTACTS_READ, far=OF_ACCOUNT
    )
    jobs: Connection[ContactJob] | None = connection(
        job_reads.of_account, order=job_reads.NEWEST_FIRST, requires=Permission.CONTACTS_READ
    )
    contact_attributes: list[ContactAttribute] | None = to_many(
        attribute_reads.of_account, most=MOST_ATTRIBUTES, requires=Permission.CONTACTS_READ, far=OF_ACCOUNT
    )
