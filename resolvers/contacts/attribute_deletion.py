"""The end of an attribute: nobody sees its values any more, and a worker removes them from the contacts."""

from dataclasses import dataclass

from sqlalchemy import func, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_account
from models.base.ids import AccountId, ContactJobId
from models.contacts.jobs import ContactJobKind
from models.contacts.tables import contact_attributes
from resolvers.contacts.jobs.store import NewContactJob, add_job
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record_of_account
from resolvers.inputs.text import visible_text


@dataclass(frozen=True)
class AttributeDeleted:
    """The name of an attribute that a locked account had, and the job that removes its values."""

    account: Authorized
    name: str
    job_id: ContactJobId


async def delete_attribute(
    session: WriteSession, principal: Principal, account_id: AccountId, name: str
) -> AttributeDeleted:
    """Delete the attribute with this name. Its values are hidden at once; a worker removes them, however many
    contacts there are. Needs CONTACTS_WRITE. Raises NOT_FOUND, BAD_USER_INPUT.

    The account is locked exclusively. So whoever has read that the attribute is there has stored its values
    before, and the worker finds them.
    """
    account = await authorize(session, principal, account_id, Permission.CONTACTS_WRITE)
    name = visible_text(name, "name")
    found = contact_attributes.c
    deleted = (
        update(contact_attributes)
        .where(in_account(contact_attributes, account), found.name == name, found.deleted_at.is_(None))
        .values(deleted_at=func.now())
        .returning(found.id, found.type)
    )
    async with in_data_plane(session, account):
        row = (await session.execute(deleted)).one_or_none()
        if row is None:
            raise NotFound("name")
    job = NewContactJob(kind=ContactJobKind.ATTRIBUTE_DELETION, attribute_id=row.id)
    job_id = await add_job(session, principal, account, job)
    await record_of_account(
        session,
        principal,
        account,
        EventType.CONTACT_ATTRIBUTE_DELETED,
        {"name": name, "type": row.type},
        None,
    )
    return AttributeDeleted(account, name, job_id)
