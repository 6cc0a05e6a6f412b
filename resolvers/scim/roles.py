"""Which role the members of a directory's group get in an account."""

import uuid
from dataclasses import dataclass

from sqlalchemy import delete, select

from authz.callers.principals import Principal
from authz.guards.delegation import role_to_give
from authz.guards.exclusive import Authorized, WriteKind, authorize, authorize_also
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind, present
from models.scim.tables import scim_group_roles, scim_groups
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record
from resolvers.rows.stored import stored
from resolvers.scim.memberships import settle
from resolvers.scim.store import people_of_group


@dataclass(frozen=True)
class GroupRole:
    """`role_id` None: its members get none there any more."""

    group_id: uuid.UUID
    account_id: AccountId
    role_id: uuid.UUID | None


async def set_group_role(session: WriteSession, principal: Principal, command: GroupRole) -> Authorized:
    """Set the role, and give or take the memberships that follow. Returns the master account.

    Needs MEMBERS_WRITE in the master account and in the account, with all permissions of the role. Raises
    NOT_FOUND, ROLE_TOO_WIDE, and CONSENT_REQUIRED for the role of an owner.
    """
    owner = select(scim_groups.c.account_id).where(scim_groups.c.id == command.group_id).scalar_subquery()
    kind = WriteKind.TAKES_AWAY if command.role_id is None else WriteKind.CHANGES
    needed = Permission.MEMBERS_WRITE, kind
    try:
        master = await authorize(session, principal, owner, *needed)
    except NotFound as error:
        raise NotFound("groupId") from error
    try:
        account = await authorize_also(session, principal, command.account_id, *needed)
    except NotFound as error:
        raise NotFound("accountId") from error
    if account.master_id != master.master_id:
        raise NotFound("accountId")
    mapped = scim_group_roles.c
    this = {"master_id": master.master_id, "group_id": command.group_id, "account_id": account.account_id}
    own = [mapped[name] == value for name, value in this.items()]
    before = (await session.execute(select(mapped.role_id).where(*own))).scalar_one_or_none()
    if before == command.role_id:
        return master
    named: Change = {"account": present(Kind.ACCOUNT, account.account_id)}
    old: Change | None = None
    if before is not None:
        old = {**named, "role": (await role_to_give(session, account, before)).name}
    after: Change | None = None
    if command.role_id is None:
        await session.send_built(delete(scim_group_roles).where(*own))
    else:
        if command.role_id == BuiltinRole.OWNER.id:
            raise Refusal(RefusalCode.CONSENT_REQUIRED, field="roleId")
        role = await role_to_give(session, account, command.role_id)
        await session.send_built(stored(scim_group_roles, this, {"role_id": role.id}))
        after = {**named, "role": role.name}
    people = await people_of_group(session, master, command.group_id)
    subject_id = present(Kind.SCIM_GROUP, command.group_id)
    await record(session, principal, master, EventType.SCIM_GROUP_ROLE_SET, subject_id, old, after)
    await settle(session, principal, master, people)
    return master
