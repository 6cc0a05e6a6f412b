"""Contacts, the lists that they are in, and what an account keeps of them."""

import datetime

import strawberry
from strawberry.scalars import JSON

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of
from engine.declare.connections import Connection
from engine.declare.declarations import column, computed, connection, entity, to_one
from models.contacts.tables import (
    AttributeType,
    contact_attributes,
    contact_list_members,
    contact_lists,
    contacts,
)
from resolvers.contacts import attribute_reads, filters, list_reads, reads, statuses
from resolvers.contacts.statuses import ContactStatus
from schema.fields.node import ID_DESCRIPTION, Node

_IN_ACCOUNT = ("master_id", "account_id", "id")
_EXTERNAL_ID = "Your own id of the {what}; unique in the account."


@entity(contacts, key=_IN_ACCOUNT, requires=Permission.CONTACTS_READ, far=True)
class Contact(Node):
    """Somebody whom an account writes to, by e-mail, by SMS or by both."""

    id: strawberry.ID = computed(reads.id_of, description=ID_DESCRIPTION)
    external_id: str | None = column(description=_EXTERNAL_ID.format(what="contact"))
    email: str | None = column(description="The e-mail address, as it was given.")
    phone: str | None = column(description="The phone number, as it was given.")
    email_canonical: str | None = column(
        description="The e-mail address as it is compared: in lower case, with the domain as DNS has it.",
    )
    phone_canonical: str | None = column(description="The phone number as it is compared: E.164.")
    attributes: JSON = computed(
        attribute_reads.shown_values,
        description="What the account keeps of the contact: a JSON object of values by the attributes' "
        "names.",
    )
    status: ContactStatus = computed(
        statuses.status_of,
        codec=enum_of(ContactStatus),
        description="Whether the contact unsubscribed or bounced, by one of its addresses. `deliverability` "
        "tells more, also whether an address is on a block list.",
    )
    lists: Connection["ContactListMember"] = connection(reads.memberships_of, order=reads.MEMBERSHIPS)
    source: str = column(description="Where the contact came from.")
    version: int = column(
        description="Increases with every change of the contact. To be added to a list, or removed from one, "
        "is none."
    )
    created_at: datetime.datetime = column(description="When the account first had it.")


@entity(contact_lists, key=_IN_ACCOUNT, requires=Permission.CONTACTS_READ, far=True)
class ContactList(Node):
    """A list of contacts, such as a newsletter, a brand or a country. A contact can be in any number of
    lists."""

    id: strawberry.ID = computed(list_reads.id_of, description=ID_DESCRIPTION)
    external_id: str | None = column(description=_EXTERNAL_ID.format(what="list"))
    name: str = column(description="The name.")
    contacts: Connection[Contact] = connection(list_reads.contacts_of, order=filters.order)
    version: int = column(description="Increases with every change of the name or the external id.")
    created_at: datetime.datetime = column(description="When it was created.")


@entity(
    contact_list_members,
    key=("master_id", "account_id", "contact_list_id", "contact_id"),
    requires=Permission.CONTACTS_READ,
    far=True,
)
class ContactListMember:
    """A contact's place in a list."""

    list: ContactList = to_one(reads.list_of)
    source: str = column(description="Where the contact was added from.")
    added_at: datetime.datetime = column(description="When it was added.")


@entity(contact_attributes, key=_IN_ACCOUNT, requires=Permission.CONTACTS_READ, far=True)
class ContactAttribute:
    """Something that an account keeps of its contacts."""

    name: str = column(description="The name, by which values are given and shown; it never changes.")
    type: AttributeType = column(codec=enum_of(AttributeType), description="What its values are.")
    created_at: datetime.datetime = column(description="When it was created.")
