"""Who has unsubscribed, and which addresses bounced."""

import datetime

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of
from engine.declare.declarations import column, computed, entity, to_one
from models.suppressions.tables import BounceKind, bounces, unsubscribes
from resolvers.suppressions import reads
from schema.contacts.types import Contact, ContactList

_IN_ACCOUNT = ("master_id", "account_id", "id")


@entity(unsubscribes, key=_IN_ACCOUNT, requires=Permission.CONTACTS_READ, far=True)
class Unsubscribe:
    """A recipient that has unsubscribed."""

    contact: Contact | None = to_one(reads.contact_of)
    contact_list: ContactList | None = to_one(reads.list_of)
    is_of_list: bool = computed(reads.is_of_list)
    unsubscribed_at: datetime.datetime = column(description="When the recipient did so, for the last time.")
    resubscribed_at: datetime.datetime | None = column(
        description="When the recipient subscribed again; null while the unsubscribe holds."
    )
    evidence: str | None = column(
        description="Of the consent by which the recipient subscribed again; null while the unsubscribe "
        'holds, "Erased" once the contact with the address was erased.'
    )


@entity(bounces, key=_IN_ACCOUNT, requires=Permission.CONTACTS_READ, far=True)
class Bounce:
    """An address to which messages bounced."""

    contact: Contact | None = to_one(reads.contact_of)
    soft_bounces: int = computed(reads.soft_bounces)
    latest_soft_bounce_at: datetime.datetime | None = computed(reads.latest_soft_bounce)
    excluded_at: datetime.datetime | None = column(
        description="Since when the account does not send to the address; null while it does."
    )
    excluded_by: BounceKind | None = column(
        codec=enum_of(BounceKind), description="The bounce that excluded the address."
    )
