"""What an account keeps of its contacts: each attribute has a name and a type, which never change."""

import uuid
from dataclasses import dataclass

from sqlalchemy import insert, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of, in_account
from models.base.ids import AccountId, new_id
from models.contacts.tables import AttributeType, contact_attributes
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record_of_account
from resolvers.inputs.text import visible_text

MOST_ATTRIBUTES = 100
"""Of one account, with those that were deleted and whose values are not removed yet."""


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

    Raises CONFLICT for the name of another attribute, or of a deleted one that has values left;
    FAILED_PRECONDITION beyond 100 attributes, BAD_USER_INPUT.
    """
    account = await authorize(session, principal, command.account_id, Permission.CONTACTS_WRITE)
    name = visible_text(command.name, "name")
    created = AttributeCreated(account, new_id())
    async with in_data_plane(session, account):
        await _check_room(session, account, name)
        await session.send_built(
            insert(contact_attributes).values(
                **columns_of(account), id=created.id, name=name, type=command.type.value
            )
        )
    await record_of_account(
        session,
        principal,
        account,
        EventType.CONTACT_ATTRIBUTE_CREATED,
        None,
        {"name": name, "type": command.type.value},
    )
    return created


async def _check_room(session: WriteSession, account: Place, name: str) -> None:
    """Raise CONFLICT for a name that is taken, FAILED_PRECONDITION where the account has all that it may
    have."""
    found = contact_attributes.c
    statement = select(found.name, found.type, found.deleted_at).where(
        in_account(contact_attributes, account)
    )
    rows = (await session.execute(statement)).all()
    taken = next((row for row in rows if row.name == name), None)
    if taken is not None and taken.deleted_at is None:
        message = f"The account has an attribute of this name, of type {taken.type}."
        raise Refusal(RefusalCode.CONFLICT, message, "name")
    if taken is not None:
        # Values go by the name: a new attribute would show the old ones.
        message = (
            "The values of a deleted attribute of this name are still being removed. Try again when the job "
            "of its deletion is done."
        )
        raise Refusal(RefusalCode.CONFLICT, message, "name")
    if len(rows) >= MOST_ATTRIBUTES:
        message = f"An account has at most {MOST_ATTRIBUTES} attributes."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "name")
