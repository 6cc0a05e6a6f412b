"""Contacts: whom an account writes to."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.contacts import list_reads, reads
from resolvers.contacts.jobs import reads as job_reads
from schema.contacts.enums import ENUMS
from schema.contacts.job_mutations import ContactJobMutation
from schema.contacts.job_types import ContactJob
from schema.contacts.list_mutations import ContactListMutation
from schema.contacts.mutations import ContactMutation
from schema.contacts.queries import ContactQuery
from schema.contacts.types import Contact, ContactList
from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution(
    queries=(ContactQuery,),
    mutations=(ContactMutation, ContactListMutation, ContactJobMutation),
    look_ups={
        Kind.CONTACT: LookUp(Contact, reads.account_by_id, far_read=reads.by_place),
        Kind.CONTACT_LIST: LookUp(ContactList, list_reads.account_by_id, far_read=list_reads.by_place),
        Kind.CONTACT_JOB: LookUp(ContactJob, job_reads.by_id),
    },
    enums=ENUMS,
)
