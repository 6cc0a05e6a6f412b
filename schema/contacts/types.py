"""Contacts."""

import datetime

import strawberry
from strawberry.scalars import JSON

from authz.policy.permissions import Permission
from engine.declare.declarations import column, computed, entity
from models.contacts.tables import contacts
from resolvers.contacts import reads


@entity(contacts, key=("master_id", "account_id", "id"), requires=Permission.CONTACTS_READ, far=True)
class Contact:
    """Somebody whom an account writes to, by e-mail, by SMS or by both."""

    id: strawberry.ID = computed(reads.id_of)
    external_id: str | None = column(description="Your own id of the contact; unique in the account.")
    email: str | None = column(description="The e-mail address, as it was given.")
    phone: str | None = column(description="The phone number, as it was given.")
    attributes: JSON = column(
        description="What the account keeps of the contact: a JSON object of values by the attributes' names."
    )
    source: str = column(description="Where the contact came from.")
    version: int = column(description="Increases with every change.")
    created_at: datetime.datetime = column(description="When the account first had it.")
