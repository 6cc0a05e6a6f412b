"""Changes of custom roles. Everybody who holds the role gains or loses permissions from the next request
on."""

import uuid
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, and_, exists, func, insert, or_, select, true, update

from authz.callers.principals import Principal
from authz.guards.delegation import check_role_change, usable_in
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.custom_roles import NOTHING, RoleRights, compile_rights, role_rights, write_lines
from authz.policy.permissions import Permission, permissions_in
from authz.policy.refusals import NotFound, Refusal, RefusalCode, VersionConflict
from authz.reach.role_uses import role_uses
from engine.text.forms import compared, looks
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import columns_of, this_account
from models.base.ids import AccountId, Kind, RoleId, new_id, present
from models.base.text_forms import forms_of
from models.roles.tables import roles
from resolvers.access.blockers import blocked, uses_of
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record
from resolvers.inputs.text import name_of_rights, short_text
from resolvers.inputs.unchanged import UNCHANGED, Unchanged, new_value


@dataclass(frozen=True)
class RoleCreation:
    """A custom role of an account. `permissions` apply where the role is held, `permissions_below` in every
    account below."""

    account_id: AccountId
    name: str
    description: str
    permissions: frozenset[Permission]
    permissions_below: frozenset[Permission]


@dataclass(frozen=True)
class RoleUpdate:
    """The new values."""

    role_id: RoleId
    expected_version: int
    name: str | Unchanged = UNCHANGED
    description: str | Unchanged = UNCHANGED
    permissions: frozenset[Permission] | Unchanged = UNCHANGED
    permissions_below: frozenset[Permission] | Unchanged = UNCHANGED


@dataclass(frozen=True)
class RoleChange:
    """A role, and its locked account."""

    account: Authorized
    role_id: RoleId


@dataclass(frozen=True)
class _Content:
    """The content of a custom role."""

    name: str
    description: str
    rights: RoleRights

    def narrows(self, old: "_Content") -> bool:
        """Whether it gives nothing that the old content did not, under the same name and description."""
        here, below = self.rights.permissions, self.rights.permissions_below
        same = (self.name, self.description) == (old.name, old.description)
        return same and here <= old.rights.permissions and below <= old.rights.permissions_below

    def values(self) -> Change:
        """As the log shows it."""
        return {
            "name": self.name,
            "description": self.description,
            "permissions": _names(self.rights.permissions),
            "permissionsBelow": _names(self.rights.permissions_below),
        }


async def create_role(session: WriteSession, principal: Principal, command: RoleCreation) -> RoleChange:
    """Make a role of an account. Needs ROLES_WRITE and all permissions of the role there (N19).

    Raises RoleTooWide, CONFLICT for the name of another role, BAD_USER_INPUT.
    """
    account = await authorize(session, principal, command.account_id, Permission.ROLES_WRITE)
    rights = role_rights(command.permissions, command.permissions_below)
    content = _Content(name_of_rights(command.name, "name"), _description(command.description), rights)
    change = RoleChange(account, RoleId(new_id()))
    await _check_name(session, change, content.name)
    await session.send_built(
        insert(roles).values(
            id=change.role_id,
            **columns_of(account),
            name=content.name,
            description=content.description,
            **(await compile_rights(change.role_id, rights)).columns(),
        )
    )
    await write_lines(session, change.role_id, rights.lines(change.role_id))
    await check_role_change(session, principal, account, change.role_id, "permissions")
    await _log(session, principal, change, EventType.ROLE_CREATED, None, content.values())
    return change


async def update_role(session: WriteSession, principal: Principal, command: RoleUpdate) -> RoleChange:
    """Change a role, for everybody who holds it, from the next request on.

    Needs ROLES_WRITE, and all permissions of the role before and after, in its account and wherever it is
    used (N19). An update that only removes permissions is allowed in any status. Raises VersionConflict,
    RoleTooWide, CONFLICT for the name of another role, BAD_USER_INPUT.
    """
    change = await _changeable(session, principal, command.role_id)
    version, before = await _current(session, change)
    if version != command.expected_version:
        raise VersionConflict(version)
    await check_role_change(session, principal, change.account, change.role_id, "roleId")
    after = _new_content(before, command)
    if after == before:
        return change
    if not after.narrows(before):
        change.account.check_changeable()
    if after.name != before.name:
        await _check_name(session, change, after.name)
    masks = await compile_rights(change.role_id, after.rights)
    await session.send_built(
        update(roles)
        .where(roles.c.id == change.role_id)
        .values(
            name=after.name,
            description=after.description,
            version=version + 1,
            **forms_of(roles, after.name),
            **masks.columns(),
        )
    )
    await write_lines(session, change.role_id, after.rights.lines(change.role_id))
    await check_role_change(session, principal, change.account, change.role_id, "permissions")
    old, new = before.values(), after.values()
    differing = [name for name in new if old[name] != new[name]]
    await _log(
        session,
        principal,
        change,
        EventType.ROLE_UPDATED,
        {name: old[name] for name in differing},
        {name: new[name] for name in differing},
    )
    return change


async def delete_role(session: WriteSession, principal: Principal, role_id: RoleId) -> RoleChange:
    """Delete a role that nobody holds, in any status of the account. Needs ROLES_WRITE and all its
    permissions.

    Raises RoleTooWide, and ROLE_IN_USE, which lists the uses. The row stays without permissions, because
    revoked keys and shares and old invitations refer to it.
    """
    change = await _changeable(session, principal, role_id)
    _, before = await _current(session, change)
    await check_role_change(session, principal, change.account, role_id, "roleId")
    use = role_uses()
    used = exists().where(use.c.master_id == change.account.master_id, use.c.role_id == role_id)
    if (await session.execute(select(used))).scalar_one():
        raise await blocked(session, principal, RefusalCode.ROLE_IN_USE, uses_of(role_id), "roleId")
    await write_lines(session, role_id, [])
    await session.send_built(
        update(roles).where(roles.c.id == role_id).values(deleted_at=func.now(), **NOTHING.columns())
    )
    await _log(session, principal, change, EventType.ROLE_DELETED, before.values(), None)
    return change


async def _changeable(session: WriteSession, principal: Principal, role_id: RoleId) -> RoleChange:
    if role_id in {role.id for role in BuiltinRole}:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "A built-in role cannot be changed.", "roleId")
    account_id = select(roles.c.account_id).where(_is(role_id)).scalar_subquery()
    account = await authorize(session, principal, account_id, Permission.ROLES_WRITE, WriteKind.TAKES_AWAY)
    return RoleChange(account, role_id)


async def _current(session: WriteSession, change: RoleChange) -> tuple[int, _Content]:
    """The version and the content of the role, behind the lock."""
    row = (await session.execute(select(roles).where(_is(change.role_id)))).one_or_none()
    if row is None:
        raise NotFound("roleId")
    member, below = permissions_in(row.member_mask), permissions_in(row.ancestor_mask)
    rights = RoleRights(frozenset(member), frozenset(below))
    return row.version, _Content(row.name, row.description, rights)


def _new_content(before: _Content, command: RoleUpdate) -> _Content:
    content = before
    if command.name is not UNCHANGED:
        content = replace(content, name=name_of_rights(command.name, "name"))
    if command.description is not UNCHANGED:
        content = replace(content, description=_description(command.description))
    rights = role_rights(
        new_value(command.permissions, before.rights.permissions),
        new_value(command.permissions_below, before.rights.permissions_below),
    )
    return replace(content, rights=rights)


def _description(text: str) -> str:
    return short_text(text, "description") if text else text


async def _check_name(session: WriteSession, change: RoleChange, name: str) -> None:
    """Raise CONFLICT where a role that can be given in the account has a name that is or looks the same: a
    built-in role, another one of the account, or one of an account above."""
    account = accounts.alias()
    usable = usable_in(roles, account)
    taken = (
        select(roles.c.compared_name)
        .join(account, true())
        .where(
            this_account(account, change.account),
            usable,
            or_(roles.c.compared_name == compared(name), roles.c.looks == looks(name)),
            roles.c.id != change.role_id,
        )
        .limit(1)
    )
    found = (await session.execute(taken)).scalar_one_or_none()
    if found is not None:
        same = found == compared(name)
        message = (
            "Another role has this name." if same else "Another role has a name that looks like this one."
        )
        raise Refusal(RefusalCode.CONFLICT, message, "name")


def _is(role_id: uuid.UUID) -> ColumnElement[bool]:
    return and_(roles.c.id == role_id, roles.c.deleted_at.is_(None))


def _names(permissions: frozenset[Permission]) -> list[str]:
    return [permission.name for permission in Permission if permission in permissions]


async def _log(
    session: WriteSession,
    principal: Principal,
    change: RoleChange,
    kind: EventType,
    before: Change | None,
    after: Change | None,
) -> None:
    subject_id = present(Kind.ROLE, change.role_id)
    await record(session, principal, change.account, kind, subject_id, before, after)
