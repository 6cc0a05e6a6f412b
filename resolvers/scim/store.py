"""The directory's people and groups: what a directory may do with them.

A directory is an API key of the master account with MEMBERS_READ and MEMBERS_WRITE. Every write locks the
tree.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, delete, false, func, insert, select, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize_all, authorize_also
from authz.policy.permissions import Permission
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account, in_tree
from models.api_keys.tables import api_keys
from models.base.ids import AccountId, UserId, new_id
from models.domains.tables import DomainKind, DomainStatus, domains
from models.people.users import users
from models.scim.tables import scim_group_members, scim_group_roles, scim_groups, scim_users
from resolvers.effects.event_types import EventType
from resolvers.people.verified_person import verified_person
from resolvers.scim.documents import GroupValues, UserValues
from resolvers.scim.errors import ScimError, invalid, not_found
from resolvers.scim.filters import Filter
from resolvers.scim.logged import LoggedGroup, log_group, log_user, log_user_change
from resolvers.scim.memberships import person_is_there, settle

_Row = Row[*tuple[Any, ...]]
_LONGEST_NAME = 200
_USER_FILTERS = {"username": "user_name_folded", "externalid": "external_id", "id": "id"}
_GROUP_FILTERS = {"displayname": "display_name", "externalid": "external_id", "id": "id"}


@dataclass(frozen=True)
class Page:
    """`start`: from 1."""

    start: int
    count: int


async def master_to_read(session: WriteSession, principal: Principal) -> Authorized:
    """The key's master account. Raises what `authorize` raises."""
    account_id = await _own_master(session, principal)
    return await authorize_also(session, principal, account_id, Permission.MEMBERS_READ, WriteKind.TAKES_AWAY)


async def master_to_write(session: WriteSession, principal: Principal) -> Authorized:
    """The same, with the tree locked. Needs MEMBERS_READ too, as what was written is shown."""
    account_id = await _own_master(session, principal)
    needed = Permission.MEMBERS_WRITE, WriteKind.TAKES_AWAY
    (account,) = await authorize_all(session, principal, [account_id], *needed)
    await authorize_also(session, principal, account_id, Permission.MEMBERS_READ, WriteKind.TAKES_AWAY)
    return account


async def _own_master(session: WriteSession, principal: Principal) -> AccountId:
    key = api_keys.c
    own = select(key.account_id, key.master_id).where(key.id == principal.api_key_id)
    row = (await session.execute(own)).one_or_none()
    if row is None or row.account_id != row.master_id:
        raise ScimError(403, "Send an API key of the master account.")
    return AccountId(row.account_id)


async def list_users(
    session: WriteSession, master: Authorized, asked: Filter | None, page: Page
) -> tuple[int, Sequence[_Row]]:
    """How many there are, and one page of them with `email`, oldest first."""
    found = _shown(master) & _matches(scim_users, asked, _USER_FILTERS)
    rows = _users().where(found).order_by(scim_users.c.id)
    return await _page(session, select(func.count()).select_from(scim_users).where(found), rows, page)


async def list_groups(
    session: WriteSession, master: Authorized, asked: Filter | None, page: Page
) -> tuple[int, Sequence[_Row]]:
    """The same of groups."""
    found = in_account(scim_groups, master) & _matches(scim_groups, asked, _GROUP_FILTERS)
    rows = select(*scim_groups.c).where(found).order_by(scim_groups.c.id)
    return await _page(session, select(func.count()).select_from(scim_groups).where(found), rows, page)


async def user_by_id(session: WriteSession, master: Authorized, id: uuid.UUID | None) -> _Row:
    """With `email`. Raises ScimError."""
    found = _shown(master) & (scim_users.c.id == id)
    row: _Row | None = (await session.execute(_users().where(found))).one_or_none()
    if row is None:
        raise not_found("user")
    return row


async def group_by_id(session: WriteSession, master: Authorized, id: uuid.UUID | None) -> _Row:
    """Raises ScimError."""
    found = in_account(scim_groups, master) & (scim_groups.c.id == id)
    row = (await session.execute(select(*scim_groups.c).where(found))).one_or_none()
    if row is None:
        raise not_found("group")
    return row


async def members_of(
    session: WriteSession, master: Authorized, groups: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """The people of each group."""
    member = scim_group_members.c
    own = _shown(master) & member.group_id.in_(groups)
    same = in_tree(scim_users, scim_group_members, id="scim_user_id")
    statement = select(member.group_id, member.scim_user_id).join(scim_users, same).where(own)
    found: dict[uuid.UUID, list[uuid.UUID]] = {group: [] for group in groups}
    for row in await session.execute(statement.order_by(member.scim_user_id)):
        found[row.group_id].append(row.scim_user_id)
    return found


async def create_user(
    session: WriteSession, principal: Principal, values: UserValues
) -> tuple[Authorized, uuid.UUID]:
    """The master account and the new user. Raises ScimError for one that is there, and for an address of no
    sign-in domain."""
    master = await master_to_write(session, principal)
    await _check_domain(session, master, values)
    full_name = " ".join(filter(None, (values.given_name, values.family_name)))
    name = (values.display_name or full_name or values.email.original)[:_LONGEST_NAME]
    await _forget_deleted(session, master, values)
    user_id, made = await verified_person(session, name, values.email), new_id()
    taken = (scim_users.c.user_name_folded == values.user_name.lower()) | (scim_users.c.user_id == user_id)
    await _check_free(session, scim_users, in_account(scim_users, master) & taken)
    await session.send_built(
        insert(scim_users).values(**columns_of(master), id=made, user_id=user_id, **values.columns())
    )
    kind = EventType.SCIM_USER_CREATED
    await log_user(session, principal, master, kind, user_id, active=values.active)
    await settle(session, principal, master, [user_id])
    return master, made


async def update_user(
    session: WriteSession, principal: Principal, master: Authorized, row: _Row, values: UserValues
) -> None:
    """The address of a person does not change by it: that is for the person."""
    await _forget_deleted(session, master, values)
    folded = scim_users.c.user_name_folded == values.user_name.lower()
    others = folded & (scim_users.c.id != row.id)
    await _check_free(session, scim_users, in_account(scim_users, master) & others)
    await _change(session, scim_users, master, row, values.columns())
    await log_user_change(session, principal, master, row, values.columns())
    await settle(session, principal, master, [UserId(row.user_id)])


async def delete_user(session: WriteSession, principal: Principal, master: Authorized, row: _Row) -> None:
    """As if it was no longer active, and forgotten by the directory. The person stays."""
    await _change(session, scim_users, master, row, {"active": False})
    user_id = UserId(row.user_id)
    await log_user(session, principal, master, EventType.SCIM_USER_DELETED, user_id, active=row.active)
    await settle(session, principal, master, [user_id])
    await _forget(session, master, row.id)


async def _forget_deleted(session: WriteSession, master: Authorized, values: UserValues) -> None:
    """The user name is free where its person has deleted itself."""
    named = scim_users.c.user_name_folded == values.user_name.lower()
    own = in_account(scim_users, master) & named & ~person_is_there()
    for user in (await session.execute(select(scim_users.c.id).where(own))).scalars():
        await _forget(session, master, user)


async def _forget(session: WriteSession, master: Authorized, id: uuid.UUID) -> None:
    member = scim_group_members.c
    await session.send_built(
        delete(scim_group_members).where(member.master_id == master.master_id, member.scim_user_id == id)
    )
    await session.send_built(delete(scim_users).where(in_account(scim_users, master), scim_users.c.id == id))


async def create_group(
    session: WriteSession, principal: Principal, master: Authorized, values: GroupValues
) -> uuid.UUID:
    """Raises ScimError for one of this name."""
    named = scim_groups.c.display_name == values.display_name
    await _check_free(session, scim_groups, in_account(scim_groups, master) & named)
    made = new_id()
    columns = {"display_name": values.display_name, "external_id": values.external_id}
    await session.send_built(insert(scim_groups).values(**columns_of(master), id=made, **columns))
    after = LoggedGroup(values.display_name, values.external_id, values.members)
    await log_group(session, principal, master, EventType.SCIM_GROUP_CREATED, made, None, after)
    await _set_members(session, principal, master, made, values.members)
    return made


async def update_group(
    session: WriteSession, principal: Principal, master: Authorized, row: _Row, values: GroupValues
) -> None:
    """Raises ScimError where another one has the name."""
    named = (scim_groups.c.display_name == values.display_name) & (scim_groups.c.id != row.id)
    await _check_free(session, scim_groups, in_account(scim_groups, master) & named)
    columns = {"display_name": values.display_name, "external_id": values.external_id}
    await _change(session, scim_groups, master, row, columns)
    before = await _stored(session, master, row)
    after = LoggedGroup(values.display_name, values.external_id, values.members)
    await log_group(session, principal, master, EventType.SCIM_GROUP_UPDATED, row.id, before, after)
    await _set_members(session, principal, master, row.id, values.members)


async def delete_group(session: WriteSession, principal: Principal, master: Authorized, row: _Row) -> None:
    """Its members lose what it gives."""
    before = await _stored(session, master, row)
    await log_group(session, principal, master, EventType.SCIM_GROUP_DELETED, row.id, before, None)
    await _set_members(session, principal, master, row.id, frozenset())
    mapped = scim_group_roles.c
    own = (mapped.master_id == master.master_id) & (mapped.group_id == row.id)
    await session.send_built(delete(scim_group_roles).where(own))
    own = in_account(scim_groups, master) & (scim_groups.c.id == row.id)
    await session.send_built(delete(scim_groups).where(own))


async def _stored(session: WriteSession, master: Authorized, row: _Row) -> LoggedGroup:
    members = (await members_of(session, master, [row.id]))[row.id]
    return LoggedGroup(row.display_name, row.external_id, frozenset(members))


async def people_of_group(session: WriteSession, master: Authorized, group_id: uuid.UUID) -> list[UserId]:
    """The people whose memberships depend on it."""
    member, user = scim_group_members.c, scim_users.c
    same = in_tree(scim_users, scim_group_members, id="scim_user_id")
    statement = select(user.user_id).select_from(scim_group_members.join(scim_users, same))
    own = (member.master_id == master.master_id) & (member.group_id == group_id)
    return [UserId(each) for each in (await session.execute(statement.where(own))).scalars()]


async def _set_members(
    session: WriteSession,
    principal: Principal,
    master: Authorized,
    group_id: uuid.UUID,
    wanted: frozenset[uuid.UUID],
) -> None:
    before = set((await members_of(session, master, [group_id]))[group_id])
    people = set(await people_of_group(session, master, group_id))
    known = _shown(master) & scim_users.c.id.in_(wanted - before)
    new = (await session.execute(select(scim_users.c.id, scim_users.c.user_id).where(known))).all()
    if len(new) < len(wanted - before):
        raise invalid("A member is no user of this directory.")
    own = {"master_id": master.master_id, "group_id": group_id}
    if new:
        rows = [{**own, "scim_user_id": each.id} for each in new]
        await session.execute_each(insert(scim_group_members), rows)
    member = scim_group_members.c
    these = (member.master_id == master.master_id) & (member.group_id == group_id)
    gone = delete(scim_group_members).where(these, member.scim_user_id.not_in(wanted))
    await session.send_built(gone)
    people |= {UserId(each.user_id) for each in new}
    changed = people if before != wanted else set()
    await settle(session, principal, master, changed)


def _shown(master: Authorized) -> ColumnElement[bool]:
    return in_account(scim_users, master) & person_is_there()


def _users() -> Any:
    return select(*scim_users.c, users.c.email.label("email")).join(users, users.c.id == scim_users.c.user_id)


def _matches(table: Table, asked: Filter | None, names: dict[str, str]) -> ColumnElement[bool]:
    if asked is None:
        return table.c.master_id.is_not(None)
    column = names.get(asked.name)
    if column is None or not isinstance(asked.value, str):
        raise invalid(f"Filters: {', '.join(names)}.", "invalidFilter")
    if column == "id":
        try:
            return table.c.id == uuid.UUID(asked.value)
        except ValueError:
            return false()
    value = asked.value.lower() if column == "user_name_folded" else asked.value
    return table.c[column] == value


async def _page(session: WriteSession, total: Any, rows: Any, page: Page) -> tuple[int, Sequence[_Row]]:
    number = (await session.execute(total)).scalar_one()
    found = (await session.execute(rows.offset(page.start - 1).limit(page.count))).all()
    return int(number), found


async def _check_domain(session: WriteSession, master: Authorized, values: UserValues) -> None:
    """The company speaks for addresses of its own alone."""
    domain = domains.c
    proved = select(domain.id).where(
        in_account(domains, master),
        domain.kind == DomainKind.SIGN_IN.value,
        domain.status == DomainStatus.VERIFIED.value,
        domain.ascii_name == values.email.canonical.rpartition("@")[2],
    )
    if (await session.execute(proved)).one_or_none() is None:
        raise invalid("The address is of no sign-in domain that the account has verified.")


async def _check_free(session: WriteSession, table: Table, taken: ColumnElement[bool]) -> None:
    if (await session.execute(select(table.c.id).where(taken).limit(1))).one_or_none() is not None:
        raise ScimError(409, "There is one of this name already.", "uniqueness")


async def _change(
    session: WriteSession, table: Table, master: Authorized, row: _Row, values: Mapping[str, object]
) -> None:
    own = in_account(table, master) & (table.c.id == row.id)
    more = {"version": table.c.version + 1, "updated_at": func.now()}
    await session.send_built(update(table).where(own).values(**values, **more))
