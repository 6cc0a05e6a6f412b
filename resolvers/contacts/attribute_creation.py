"""What an account keeps of its contacts: each attribute has a name and a type, which never change."""

import uuid
from dataclasses import dataclass

from sqlalchemy import insert

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of
from models.base.ids import AccountId, new_id
from models.contacts.tables import AttributeType, contact_attributes
from resolvers.contacts.attributes import types_of
from resolvers.effects.event_kinds import EventKind
from resolvers.effects.log import record_of_account
from resolvers.inputs.text import visible_text

MOST_ATTRIBUTES = 100
"""Of one account."""


@dataclass(frozen=True, kw_only=True)
class AttributeCreation:
    """A new attribute."""

    account_id: AccountId
    name: str
    type: AttributeType


@dataclass(frozen=True)
class AttributeCreated:
    """An attribute of a locked account."""

    account: Authorized
    id: uuid.UUID


async def create_attribute(
    session: WriteSession, principal: Principal, command: AttributeCreation
) -> AttributeCreated:
    """Make an attribute. Needs CONTACTS_WRITE.

    Raises CONFLICT for the name of another attribute, FAILED_PRECONDITION beyond 100 attributes,
    BAD_USER_INPUT.
    """
    account = await authorize(session, principal, command.account_id, Permission.CONTACTS_WRITE)
    name = visible_text(command.name, "name")
    created = AttributeCreated(account, new_id())
    async with in_data_plane(session, account):
        known = await types_of(session, account)
        if name in known:
            message = f"The account has an attribute of this name, of type {known[name].value}."
            raise Refusal(RefusalCode.CONFLICT, message, "name")
        if len(known) >= MOST_ATTRIBUTES:
            message = f"An account has at most {MOST_ATTRIBUTES} attributes."
            raise Refusal(RefusalCode.FAILED_PRECONDITION, message)
        await session.send_built(
            insert(contact_attributes).values(
                **columns_of(account), id=created.id, name=name, type=command.type.value
            )
        )
    await record_of_account(
        session,
        principal,
        account,
        EventKind.CONTACT_ATTRIBUTE_CREATED,
        None,
        {"name": name, "type": command.type.value},
    )
    return created
