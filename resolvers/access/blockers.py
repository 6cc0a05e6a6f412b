"""What blocks a write, as far as the caller may see it. Refusals list it."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, FromClause, Select, Text, Uuid, any_, cast, func, literal, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.policy.permissions import Permission
from authz.policy.refusals import Blocked, Blocker, RefusalCode
from authz.reach.reach import account_where, readable_accounts
from engine.writes.sessions import WriteSession
from models.accounts.tables import AccountStatus
from models.accounts.trees import in_tree
from models.base.ids import AccountId, Kind, MasterId, RoleId, ShareId, present
from models.people.users import users
from models.roles.tables import roles
from models.shares.tables import share_accounts, shares
from resolvers.access.role_uses import name_of, of_role, subject_id
from resolvers.members.reads import OWN_MEMBERS

MOST = 20


async def blocked(
    session: WriteSession,
    principal: Principal,
    code: RefusalCode,
    blockers: Select[Any],
    field: str | None = None,
    message: str | None = None,
) -> Blocked:
    """The refusal. `blockers`: rows (subject, name, master_id, account_id), of which it lists those in
    accounts that the caller may read."""
    found = blockers.subquery("blockers")
    account, readable = readable_accounts()
    within = in_tree(account, found, id="account_id")
    statement = (
        readable.with_only_columns(
            found.c.subject, found.c.name, account.c.id, account.c.name.label("account")
        )
        .join(found, within)
        .order_by(account.c.id, found.c.subject)
        .limit(MOST + 1)
    )
    rows = (await session.execute(statement, principal.credentials.binds)).all()
    listed = [
        Blocker(row.subject, row.name, present(Kind.ACCOUNT, row.id), row.account) for row in rows[:MOST]
    ]
    return Blocked(code, message, field, listed, more=len(rows) > MOST)


def uses_of(role_id: RoleId) -> Select[Any]:
    """The uses of a custom role."""
    role = select(roles).where(roles.c.id == role_id).subquery("role")
    use = of_role(role).subquery("use")
    return select(
        subject_id(use).label("subject"), name_of(use).label("name"), use.c.master_id, use.c.account_id
    )


def open_subaccounts(account: Authorized) -> Select[Any]:
    """The accounts directly below that are not closed."""
    found, readable = readable_accounts()
    return _as_blockers(found, readable).where(
        found.c.master_id == account.master_id,
        found.c.parent_id == account.account_id,
        found.c.status != AccountStatus.CLOSED.value,
    )


def these_accounts(master_id: MasterId, account_ids: Collection[AccountId]) -> Select[Any]:
    """Some accounts."""
    found, readable = readable_accounts()
    return _as_blockers(found, readable).where(
        found.c.master_id == master_id, found.c.id == any_(literal(list(account_ids), ARRAY(Uuid)))
    )


def _as_blockers(account: FromClause, readable: Select[Any]) -> Select[Any]:
    return readable.with_only_columns(
        func.concat(f"{Kind.ACCOUNT}_", cast(account.c.id, Text)).label("subject"),
        account.c.name,
        account.c.master_id,
        account.c.id.label("account_id"),
    )


def members_with(master_id: MasterId, account_ids: Collection[AccountId], email: str) -> Select[Any]:
    """The memberships of the person with the address, where the caller may see members."""
    member = OWN_MEMBERS.alias()
    return (
        select(
            func.concat(f"{Kind.MEMBER}_", cast(member.c.id, Text)).label("subject"),
            users.c.name,
            member.c.master_id,
            member.c.account_id,
        )
        .join(users, users.c.id == member.c.user_id)
        .where(
            member.c.master_id == master_id,
            member.c.account_id == any_(literal(list(account_ids), ARRAY(Uuid))),
            users.c.email_canonical == email,
            account_where(member, Permission.MEMBERS_READ),
        )
    )


def accounts_of_shares(
    master_id: MasterId, share_ids: Collection[ShareId], account_ids: Collection[AccountId]
) -> Select[Any]:
    """The shares, in those accounts where the caller may see members."""
    same = in_tree(share_accounts, shares, share_id="id")
    return (
        select(
            func.concat(f"{Kind.SHARE}_", cast(shares.c.id, Text)).label("subject"),
            shares.c.email.label("name"),
            shares.c.master_id,
            share_accounts.c.account_id,
        )
        .join(share_accounts, same)
        .where(
            shares.c.master_id == master_id,
            shares.c.id == any_(literal(list(share_ids), ARRAY(Uuid))),
            share_accounts.c.account_id == any_(literal(list(account_ids), ARRAY(Uuid))),
            account_where(share_accounts, Permission.MEMBERS_READ),
        )
    )
