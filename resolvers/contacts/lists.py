"""Contact lists: created, changed and deleted."""

import uuid
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode, VersionConflict
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account
from models.base.ids import AccountId, ContactListId, IdInAccount, Kind, new_id, present_in_account
from models.base.text_forms import forms_of
from models.contacts.jobs import ContactJobKind
from models.contacts.tables import contact_lists
from resolvers.contacts.jobs.store import NewContactJob, add_job
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record
from resolvers.inputs.text import visible_text
from resolvers.inputs.unchanged import UNCHANGED, Unchanged, new_value

MOST_LISTS = 1_000
"""Of one account."""


@dataclass(frozen=True, kw_only=True)
class ContactListCreation:
    """A new list."""

    account_id: AccountId
    name: str
    external_id: str | None


@dataclass(frozen=True, kw_only=True)
class ContactListUpdate:
    """A list's new values."""

    list_id: IdInAccount
    expected_version: int
    name: str | Unchanged = UNCHANGED
    external_id: str | Unchanged | None = UNCHANGED


@dataclass(frozen=True)
class ContactListChange:
    """A list of a locked account."""

    account: Authorized
    list_id: ContactListId


@dataclass(frozen=True)
class _Content:
    name: str
    external_id: str | None

    def values(self) -> Change:
        """As the log shows it."""
        return {"name": self.name, "externalId": self.external_id}


async def create_list(
    session: WriteSession, principal: Principal, command: ContactListCreation
) -> ContactListChange:
    """Make a contact list. Needs CONTACTS_WRITE.

    Raises CONFLICT for the external id of another list, FAILED_PRECONDITION beyond 1,000 lists,
    BAD_USER_INPUT.
    """
    account = await authorize(session, principal, command.account_id, Permission.CONTACTS_WRITE)
    change = ContactListChange(account, ContactListId(new_id()))
    content = _Content(visible_text(command.name, "name"), _external_id(command.external_id))
    async with in_data_plane(session, account):
        counted = select(func.count()).where(
            in_account(contact_lists, account), contact_lists.c.deleted_at.is_(None)
        )
        if (await session.execute(counted)).scalar_one() >= MOST_LISTS:
            message = f"An account has at most {MOST_LISTS} lists."
            raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "name")
        await _check_external_id(session, change, content.external_id)
        await session.send_built(
            insert(contact_lists).values(
                **columns_of(account),
                id=change.list_id,
                name=content.name,
                external_id=content.external_id,
                version=1,
            )
        )
    await _log(session, principal, change, EventType.CONTACT_LIST_CREATED, None, content.values())
    return change


async def update_list(
    session: WriteSession, principal: Principal, command: ContactListUpdate
) -> ContactListChange:
    """Change a list. Needs CONTACTS_WRITE. Raises NOT_FOUND, VersionConflict, CONFLICT for the external id of
    another list, BAD_USER_INPUT."""
    change = await _changeable(session, principal, command.list_id)
    async with in_data_plane(session, change.account):
        version, before = await _current(session, change)
        if version != command.expected_version:
            raise VersionConflict(version)
        name = command.name if command.name is UNCHANGED else visible_text(command.name, "name")
        external_id = new_value(command.external_id, before.external_id)
        after = _Content(new_value(name, before.name), _external_id(external_id))
        if after == before:
            return change
        await _check_external_id(session, change, after.external_id)
        await _write(
            session,
            change,
            name=after.name,
            external_id=after.external_id,
            version=version + 1,
            **forms_of(contact_lists, after.name),
        )
    old, new = before.values(), after.values()
    changed = [name for name in new if old[name] != new[name]]
    await _log(
        session,
        principal,
        change,
        EventType.CONTACT_LIST_UPDATED,
        {name: old[name] for name in changed},
        {name: new[name] for name in changed},
    )
    return change


async def delete_list(session: WriteSession, principal: Principal, list_id: IdInAccount) -> ContactListChange:
    """Delete a list; its contacts stay. A worker removes the members, however many they are. Needs
    CONTACTS_WRITE. Raises NOT_FOUND."""
    change = await _changeable(session, principal, list_id)
    async with in_data_plane(session, change.account):
        _, before = await _current(session, change)
        await _write(session, change, deleted_at=func.now(), external_id=None)
    job = NewContactJob(kind=ContactJobKind.LIST_DELETION, list_id=change.list_id)
    await add_job(session, principal, change.account, job)
    await _log(session, principal, change, EventType.CONTACT_LIST_DELETED, before.values(), None)
    return change


async def _changeable(session: WriteSession, principal: Principal, list_id: IdInAccount) -> ContactListChange:
    account = await authorize(session, principal, list_id.account_id, Permission.CONTACTS_WRITE)
    return ContactListChange(account, ContactListId(list_id.id))


async def _current(session: WriteSession, change: ContactListChange) -> tuple[int, _Content]:
    found = contact_lists.c
    statement = select(found.version, found.name, found.external_id).where(
        in_account(contact_lists, change.account), found.id == change.list_id, found.deleted_at.is_(None)
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("contactListId")
    return row.version, _Content(row.name, row.external_id)


async def _write(session: WriteSession, change: ContactListChange, **values: object) -> None:
    this = in_account(contact_lists, change.account), contact_lists.c.id == change.list_id
    await session.send_built(update(contact_lists).where(*this).values(**values))


def _external_id(text: str | None) -> str | None:
    return None if text is None else visible_text(text, "externalId")


async def _check_external_id(
    session: WriteSession, change: ContactListChange, external_id: str | None
) -> None:
    if external_id is None:
        return
    found = contact_lists.c
    statement = select(found.id).where(
        in_account(contact_lists, change.account),
        found.external_id == external_id,
        found.id != change.list_id,
    )
    other: uuid.UUID | None = (await session.execute(statement)).scalar_one_or_none()
    if other is not None:
        message = "Another list of the account has this external id."
        raise Refusal(RefusalCode.CONFLICT, message, "externalId")


async def _log(
    session: WriteSession,
    principal: Principal,
    change: ContactListChange,
    kind: EventType,
    before: Change | None,
    after: Change | None,
) -> None:
    subject_id = present_in_account(Kind.CONTACT_LIST, change.account.account_id, change.list_id)
    await record(session, principal, change.account, kind, subject_id, before, after)
