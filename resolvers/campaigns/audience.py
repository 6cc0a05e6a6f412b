"""Whom a campaign goes to: contacts in lists, or with an attribute, without those in other lists."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, Text, Uuid, any_, literal, select
from sqlalchemy.sql.elements import CollectionAggregate

from authz.policy.refusals import NotFound
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account, in_tree
from models.contacts.tables import (
    contact_attributes,
    contact_list_members,
    contact_lists,
    contact_values,
    contacts,
)
from models.messages.tables import MessageChannel
from resolvers.contacts.storing.value_digests import digest_of_value
from resolvers.sending.lists.contact_lists import in_parts


@dataclass(frozen=True)
class CampaignAudience:
    """`list_ids`: whoever is in one of them; none: all contacts. `attribute`: only who has a value of it;
    `value`: this one. `excluded_ids`: lists whose contacts are taken out."""

    list_ids: Sequence[uuid.UUID]
    excluded_ids: Sequence[uuid.UUID]
    attribute: str | None
    value: str | None

    @property
    def is_given(self) -> bool:
        """Whether anything says who it is. All contacts of an account are never meant by saying nothing."""
        return bool(self.list_ids) or self.attribute is not None


async def check_lists(session: WriteSession, account: Place, audience: CampaignAudience) -> None:
    """Raise NOT_FOUND for a contact list that the account does not have. In the data plane."""
    fields = {"contactListIds": audience.list_ids, "excludedContactListIds": audience.excluded_ids}
    found = contact_lists
    wanted = [*audience.list_ids, *audience.excluded_ids]
    statement = select(found.c.id).where(
        in_account(found, account), found.c.id == _any_of(wanted), found.c.deleted_at.is_(None)
    )
    known = set((await session.execute(statement)).scalars())
    for field, ids in fields.items():
        if not known.issuperset(ids):
            raise NotFound(field)


DIGESTS = {MessageChannel.EMAIL: "email_digest", MessageChannel.SMS: "phone_digest"}
"""The column of contacts by which the messages of a channel go."""


def audience_parts(place: Place, audience: CampaignAudience, channel: MessageChannel) -> Select[Any]:
    """The digests of its addresses or numbers in their order, as `in_parts` has them."""
    return in_parts(_digests(place, audience, channel))


def _digests(place: Place, audience: CampaignAudience, channel: MessageChannel) -> Select[Any]:
    contact = contacts.alias()
    digest = contact.c[DIGESTS[channel]]
    found = select(digest.label("digest"))
    if audience.list_ids:
        member = contact_list_members.alias()
        in_one = select(member.c.contact_id).where(
            in_account(member, place), member.c.contact_list_id == _any_of(audience.list_ids)
        )
        if len(audience.list_ids) > 1:
            in_one = in_one.distinct()
        listed = in_one.subquery("listed")
        found = found.select_from(listed.join(contact, contact.c.id == listed.c.contact_id))
    elif audience.attribute is not None and audience.value is not None:
        kept = contact_values.alias()
        name, value = literal(audience.attribute, Text), literal(audience.value, Text)
        of_value = in_tree(contact, kept, account_id="account_id", id="contact_id")
        found = found.select_from(kept.join(contact, of_value)).where(
            in_account(kept, place), kept.c.digest == digest_of_value(name, value)
        )
    found = found.where(in_account(contact, place), digest.is_not(None))
    if audience.attribute is not None:
        found = found.where(*_has_value(place, contact, audience.attribute, audience.value))
    if audience.excluded_ids:
        other = contact_list_members.alias()
        is_out = select(other.c.contact_id).where(
            in_account(other, place),
            other.c.contact_list_id == _any_of(audience.excluded_ids),
            other.c.contact_id == contact.c.id,
        )
        found = found.where(~is_out.correlate(contact).exists())
    return found.order_by(digest)


def _has_value(
    place: Place, contact: Any, attribute: str, value: str | None
) -> Sequence[ColumnElement[bool]]:
    """Values of an attribute that was deleted count no more, though a worker may still have to remove
    them."""
    deleted = contact_attributes.alias()
    is_deleted = select(deleted.c.id).where(
        in_account(deleted, place), deleted.c.name == literal(attribute), deleted.c.deleted_at.is_not(None)
    )
    kept = contact.c.attributes.op("->>", return_type=Text())(literal(attribute, Text))
    return (kept.is_not(None) if value is None else kept == literal(value, Text)), ~is_deleted.exists()


def _any_of(ids: Sequence[uuid.UUID]) -> CollectionAggregate[bool]:
    return any_(literal(list(ids), ARRAY(Uuid)))
