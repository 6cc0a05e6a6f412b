"""Mutations of contact lists and of what an account keeps of its contacts."""

import strawberry

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, present_in_account
from models.contacts.tables import AttributeType
from resolvers.contacts import attribute_creation, attribute_deletion, lists
from resolvers.inputs.global_ids import required_in_account
from schema.contacts.payloads import (
    ContactAttributeDeletePayload,
    ContactAttributePayload,
    ContactListDeletePayload,
    ContactListPayload,
    carried,
)
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import payload
from schema.fields.updates import expected_version, given, given_value, may_stay

_NAME = "1 to 200 characters, without invisible ones."
_EXTERNAL_ID = "Your own id of the list, 1 to 200 characters; unique in the account."


@strawberry.input(description="A new contact list.")
class ContactListCreateInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    name: str = strawberry.field(description=_NAME)
    external_id: str | None = strawberry.field(default=None, description=_EXTERNAL_ID)


@strawberry.input(description="A contact list's new values. Fields that are left out stay as they are.")
class ContactListUpdateInput:
    contact_list_id: strawberry.ID = strawberry.field(description="The list.")
    expected_version: int = expected_version()
    name: str | None = may_stay(_NAME)
    external_id: str | None = may_stay(f"{_EXTERNAL_ID} Null removes it.")


@strawberry.input(description="The contact list to delete.")
class ContactListDeleteInput:
    contact_list_id: strawberry.ID = strawberry.field(description="The list.")


@strawberry.input(description="Something that the account will keep of its contacts.")
class ContactAttributeCreateInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    name: str = strawberry.field(description=f"{_NAME} It never changes.")
    type: AttributeType = strawberry.field(description="What its values are. It never changes.")


@strawberry.input(description="The attribute to delete.")
class ContactAttributeDeleteInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    name: str = strawberry.field(description="The attribute's name.")


@strawberry.type
class ContactListMutation:
    @mutation(needs(Permission.CONTACTS_WRITE))
    async def contact_list_create(
        self, session: WriteSession, principal: Principal, input: ContactListCreateInput
    ) -> ContactListPayload:
        """Create a contact list. An account has at most 1,000."""
        command = lists.ContactListCreation(
            account_id=account_id(input.account_id), name=input.name, external_id=input.external_id
        )
        done = await lists.create_list(session, principal, command)
        return payload(ContactListPayload, **carried(done.account, done.list_id))

    @mutation(needs(Permission.CONTACTS_WRITE))
    async def contact_list_update(
        self, session: WriteSession, principal: Principal, input: ContactListUpdateInput
    ) -> ContactListPayload:
        """Change a contact list's name or external id."""
        command = lists.ContactListUpdate(
            list_id=required_in_account(Kind.CONTACT_LIST, input.contact_list_id, "contactListId"),
            expected_version=input.expected_version,
            name=given_value(input.name, "name"),
            external_id=given(input.external_id),
        )
        done = await lists.update_list(session, principal, command)
        return payload(ContactListPayload, **carried(done.account, done.list_id))

    @mutation(needs(Permission.CONTACTS_WRITE))
    async def contact_list_delete(
        self, session: WriteSession, principal: Principal, input: ContactListDeleteInput
    ) -> ContactListDeletePayload:
        """Delete a contact list. Its contacts stay in the account and in other lists."""
        list_id = required_in_account(Kind.CONTACT_LIST, input.contact_list_id, "contactListId")
        done = await lists.delete_list(session, principal, list_id)
        removed = present_in_account(Kind.CONTACT_LIST, done.account.account_id, done.list_id)
        return payload(
            ContactListDeletePayload,
            account_id=done.account.account_id,
            removed_contact_list_id=strawberry.ID(removed),
        )

    @mutation(needs(Permission.CONTACTS_WRITE))
    async def contact_attribute_create(
        self, session: WriteSession, principal: Principal, input: ContactAttributeCreateInput
    ) -> ContactAttributePayload:
        """Create an attribute: something that the account keeps of its contacts. An account has at most
        100."""
        command = attribute_creation.AttributeCreation(
            account_id=account_id(input.account_id), name=input.name, type=input.type
        )
        done = await attribute_creation.create_attribute(session, principal, command)
        return payload(ContactAttributePayload, **carried(done.account, done.id))

    @mutation(needs(Permission.CONTACTS_WRITE))
    async def contact_attribute_delete(
        self, session: WriteSession, principal: Principal, input: ContactAttributeDeleteInput
    ) -> ContactAttributeDeletePayload:
        """Delete an attribute, with the values that contacts have of it. Nobody sees them any more. A job
        removes them; once it is done, the name can be given to another attribute."""
        done = await attribute_deletion.delete_attribute(
            session, principal, account_id(input.account_id), input.name
        )
        return payload(
            ContactAttributeDeletePayload,
            account_id=done.account.account_id,
            job_id=done.job_id,
            removed_name=done.name,
        )
