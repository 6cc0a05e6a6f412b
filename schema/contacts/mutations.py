"""Mutations of contacts."""

import strawberry
from strawberry.scalars import JSON

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, present_in_account
from resolvers.contacts import change, upsert
from resolvers.contacts.given import MOST_IN_A_REQUEST
from resolvers.inputs.global_ids import required_in_account
from schema.contacts.inputs import (
    ADD,
    ATTRIBUTES,
    COUNTRY,
    EMAIL,
    EXTERNAL_ID,
    PHONE,
    REMOVE,
    ContactInput,
)
from schema.contacts.payloads import (
    ContactErasePayload,
    ContactPayload,
    ContactUpsertPayload,
    carried,
    result_of,
)
from schema.fields.context import Context
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import payload
from schema.fields.updates import expected_version, may_stay


@strawberry.input(description="Contacts to create or change.")
class ContactUpsertInput:
    account_id: strawberry.ID = strawberry.field(description="The account that writes to them.")
    contacts: list[ContactInput] = strawberry.field(
        description=f"1 to {MOST_IN_A_REQUEST:,} contacts. Each one has its own outcome."
    )
    source: str = strawberry.field(
        default="API",
        description="Where new contacts and new places in lists came from, 1 to 200 characters.",
    )
    phone_country: str | None = strawberry.field(default=None, description=COUNTRY)


@strawberry.input(description="A contact's new values. Fields that are left out stay as they are.")
class ContactUpdateInput:
    contact_id: strawberry.ID = strawberry.field(description="The contact.")
    expected_version: int = expected_version()
    external_id: str | None = may_stay(EXTERNAL_ID)
    email: str | None = may_stay(EMAIL)
    phone: str | None = may_stay(PHONE)
    attributes: JSON | None = may_stay(ATTRIBUTES)
    add_to_lists: list[strawberry.ID] | None = may_stay(ADD)
    remove_from_lists: list[strawberry.ID] | None = may_stay(REMOVE)
    phone_country: str | None = may_stay(COUNTRY)


@strawberry.input(description="The contact to erase.")
class ContactEraseInput:
    contact_id: strawberry.ID = strawberry.field(description="The contact.")


@strawberry.type
class ContactMutation:
    @mutation(needs(Permission.CONTACTS_WRITE))
    async def contact_upsert(
        self, session: WriteSession, principal: Principal, context: Context, input: ContactUpsertInput
    ) -> ContactUpsertPayload:
        """Create contacts, or change those that the account has already. What is wrong with one contact
        refuses that one alone. A request can be repeated: what it has stored is then unchanged."""
        command = upsert.ContactUpsert(
            account_id=account_id(input.account_id),
            contacts=[contact.as_given() for contact in input.contacts],
            source=input.source,
            country=input.phone_country,
        )
        key = context.deployment.contact_key()
        done = await upsert.upsert_contacts(session, principal, key, command)
        results = [result_of(done.account, result) for result in done.results]
        return payload(ContactUpsertPayload, account_id=done.account.account_id, results=results)

    @mutation(needs(Permission.CONTACTS_WRITE))
    async def contact_update(
        self, session: WriteSession, principal: Principal, context: Context, input: ContactUpdateInput
    ) -> ContactPayload:
        """Change a contact."""
        values = ContactInput(
            external_id=input.external_id,
            email=input.email,
            phone=input.phone,
            attributes=input.attributes,
            add_to_lists=input.add_to_lists or [],
            remove_from_lists=input.remove_from_lists or [],
        )
        command = change.ContactUpdate(
            contact_id=required_in_account(Kind.CONTACT, input.contact_id, "contactId"),
            expected_version=input.expected_version,
            contact=values.as_given(),
            country=None if input.phone_country is strawberry.UNSET else input.phone_country,
        )
        done = await change.update_contact(session, principal, context.deployment.contact_key(), command)
        return payload(ContactPayload, **carried(done.account, done.contact_id))

    @mutation(needs(Permission.CONTACTS_WRITE))
    async def contact_erase(
        self, session: WriteSession, principal: Principal, input: ContactEraseInput
    ) -> ContactErasePayload:
        """Erase a person: the contact, its values and its places in lists, for good. If the address is
        blocked, unsubscribed or bounced, that goes on counting, and shows no address any more. The source of
        the account's block entry is erased too, and the evidence of a consent becomes "Erased". Messages to
        the person no longer show it, nor what they said to it alone; those that wait are canceled. This is
        possible in any status of the account."""
        contact_id = required_in_account(Kind.CONTACT, input.contact_id, "contactId")
        done = await change.erase_contact(session, principal, contact_id)
        removed = present_in_account(Kind.CONTACT, done.account.account_id, done.contact_id)
        return payload(
            ContactErasePayload,
            account_id=done.account.account_id,
            removed_contact_id=strawberry.ID(removed),
        )
