"""Changing one contact, and erasing it."""

import asyncio
from dataclasses import dataclass

from sqlalchemy import delete

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, VersionConflict
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_account, row_of
from models.base.ids import ContactId, IdInAccount, Kind, present_in_account
from models.contacts.tables import contact_list_members, contacts
from resolvers.block_list.forget import forget_addresses
from resolvers.contacts.attributes import read_attributes, types_of
from resolvers.contacts.evidence import forget_evidence
from resolvers.contacts.given import AddressReader, GivenContact, ReadContact
from resolvers.contacts.phone_country import phone_country_of
from resolvers.contacts.sent import forget_messages
from resolvers.contacts.storing.giving import giving_addresses
from resolvers.contacts.storing.matching import Match, Matcher, Wanted, keys_named
from resolvers.contacts.storing.memberships import change_memberships, known_lists
from resolvers.contacts.storing.preparing import check_lists
from resolvers.contacts.storing.store import lock_contact, update_contacts
from resolvers.contacts.storing.values import forget_values
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record
from resolvers.inputs.address_digests import ContactKey

_SOURCE = "API"


@dataclass(frozen=True, kw_only=True)
class ContactUpdate:
    """A contact's new values."""

    contact_id: IdInAccount
    expected_version: int
    contact: GivenContact
    country: str | None


@dataclass(frozen=True)
class ContactChange:
    """A contact of a locked account."""

    account: Authorized
    contact_id: ContactId


async def update_contact(
    session: WriteSession, principal: Principal, key: ContactKey, command: ContactUpdate
) -> ContactChange:
    """Change a contact. Needs CONTACTS_WRITE.

    Raises NOT_FOUND, VersionConflict, CONFLICT for an address or an id of another contact, BAD_USER_INPUT.
    """
    account = await authorize_shared(
        session, principal, command.contact_id.account_id, Permission.CONTACTS_WRITE
    )
    land = await phone_country_of(session, account, command.country, [command.contact])
    reader = AddressReader(key, account.account_id, land)
    read = await asyncio.to_thread(reader.read, command.contact)
    change = ContactChange(account, ContactId(command.contact_id.id))
    async with giving_addresses(session, account):
        match = await _match(session, change, command.expected_version, read)
        if match.changes:
            await update_contacts(session, account, [match])
        moved = await change_memberships(session, account, [(change.contact_id, read)], _SOURCE)
    if match.changes or moved:
        await _log(session, principal, change, EventType.CONTACT_UPDATED)
    return change


async def erase_contact(
    session: WriteSession, principal: Principal, contact_id: IdInAccount
) -> ContactChange:
    """Remove a person's contact and its place in all lists, in any status of the account (T23). Block entries
    and unsubscribes go on counting, by digests that show no address, without their free texts. Messages to it
    are erased too, and canceled if they wait. Needs CONTACTS_WRITE. Raises NOT_FOUND."""
    account = await authorize_shared(
        session, principal, contact_id.account_id, Permission.CONTACTS_WRITE, WriteKind.TAKES_AWAY
    )
    change = ContactChange(account, ContactId(contact_id.id))
    member = contact_list_members
    async with in_data_plane(session, account):
        # The contact first: who adds it to a list at this moment waits, and then finds it gone.
        found = await lock_contact(session, account, change.contact_id, ())
        if not found:
            raise NotFound("contactId")
        addresses = [each for contact in found for each in (contact.email, contact.phone) if each is not None]
        digests = [address.digest for address in addresses]
        await forget_addresses(session, account, digests)
        await forget_evidence(session, account, digests)
        await forget_messages(session, account, [address.canonical for address in addresses])
        await session.send_built(
            delete(member).where(in_account(member, account), member.c.contact_id == change.contact_id)
        )
        await forget_values(session, account, found[0])
        await session.send_built(
            delete(contacts).where(
                row_of(contacts, account, change.contact_id), in_account(contacts, account)
            )
        )
    await _log(session, principal, change, EventType.CONTACT_ERASED)
    return change


async def _match(
    session: WriteSession, change: ContactChange, expected_version: int, read: ReadContact
) -> Match:
    account = change.account
    stored = await lock_contact(session, account, change.contact_id, keys_named([Wanted(0, read)]))
    this = next((contact for contact in stored if contact.id == change.contact_id), None)
    if this is None:
        raise NotFound("contactId")
    if this.version != expected_version:
        raise VersionConflict(this.version)
    check_lists(read, await known_lists(session, account, read.add_to_lists | read.remove_from_lists))
    wanted = Wanted(0, read, read_attributes(read.attributes, await types_of(session, account)))
    return Matcher(stored).match(wanted, change.contact_id, this)


async def _log(session: WriteSession, principal: Principal, change: ContactChange, kind: EventType) -> None:
    """The log names the contact and holds nothing of it: what it says stays when the person is erased."""
    subject_id = present_in_account(Kind.CONTACT, change.account.account_id, change.contact_id)
    await record(session, principal, change.account, kind, subject_id)
