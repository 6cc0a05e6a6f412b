"""The rows of shares: read, written and logged."""

import datetime
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    Uuid,
    and_,
    any_,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from authz.callers.actors import Actor
from authz.callers.principals import Principal
from authz.guards.delegation import RoleGrant
from authz.guards.exclusive import Authorized
from authz.guards.share_scope import ShareScope, areas_mask
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area
from authz.policy.refusals import RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import row_of
from models.base.ids import AccountId, Kind, ShareId, present
from models.roles.tables import roles
from models.shares.tables import share_accounts, shares
from resolvers.access.blockers import accounts_of_shares, blocked
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_in_each

ShareRow = Row[*tuple[Any, ...]]


def scope_columns(scope: ShareScope) -> dict[str, Any]:
    """The scope as columns of the share."""
    return {
        "role_id": scope.role.id if scope.areas is None else None,
        "areas": None if scope.areas is None else sorted(area.value for area in scope.areas),
        "areas_mask": scope.areas_mask,
        "hidden_areas": sorted(area.value for area in scope.hidden),
        "hidden_mask": areas_mask(scope.hidden),
    }


async def scope_of(session: WriteSession, row: ShareRow) -> ShareScope:
    """What the share gives. A role that was deleted after the share was revoked gives nothing."""
    return (await scopes_of(session, [row]))[row.id]


async def scopes_of(session: WriteSession, rows: Sequence[ShareRow]) -> dict[ShareId, ShareScope]:
    """What each of the shares gives."""
    role_ids = {row.id: row.role_id or BuiltinRole.ADMINISTRATOR.id for row in rows}
    named = roles.c.id == any_(literal(list(set(role_ids.values())), ARRAY(Uuid)))
    found = await session.execute(select(roles.c.id, roles.c.name, roles.c.member_mask).where(named))
    grants = {role.id: RoleGrant(*role, below_mask=0) for role in found}
    return {row.id: _scope(row, grants[role_ids[row.id]]) for row in rows}


def _scope(row: ShareRow, role: RoleGrant) -> ShareScope:
    areas = None if row.areas is None else frozenset(Area(area) for area in row.areas)
    return ShareScope(role, areas, frozenset(Area(area) for area in row.hidden_areas))


def described(email: str, scope: ShareScope, expires_at: datetime.datetime | None) -> Change:
    """A share for the log of one of its accounts, without the other accounts."""
    return {
        "email": email,
        "role": scope.role.name if scope.areas is None else None,
        "areas": None if scope.areas is None else sorted(area.value for area in scope.areas),
        "hiddenAreas": sorted(area.value for area in scope.hidden),
        "expiresAt": expires_at.isoformat() if expires_at else None,
    }


async def opened_by(session: WriteSession, share_id: ShareId) -> list[AccountId]:
    """The accounts that a share opens, by id; none for an unknown share."""
    statement = select(share_accounts.c.account_id).where(share_accounts.c.share_id == share_id)
    return list((await session.execute(statement.order_by(share_accounts.c.account_id))).scalars())


async def share_row(session: WriteSession, account: Authorized, share_id: ShareId) -> ShareRow:
    """The share; its tree is locked."""
    statement = select(shares).where(row_of(shares, account, share_id))
    return (await session.execute(statement)).one()


async def write_share(session: WriteSession, row: ShareRow, values: dict[str, Any]) -> None:
    """Change the share's own row."""
    this = row_of(shares, row, row.id)
    await session.send_built(update(shares).where(this).values(**values, version=shares.c.version + 1))


async def add_accounts(session: WriteSession, share_id: ShareId, opened: Sequence[Authorized]) -> None:
    """Open these accounts too."""
    rows = [
        {"master_id": account.master_id, "share_id": share_id, "account_id": account.account_id}
        for account in opened
    ]
    await session.execute_each(insert(share_accounts), rows)


async def drop_accounts(session: WriteSession, row: ShareRow, closed: Collection[Authorized]) -> None:
    """Stop opening these accounts."""
    await session.send_built(
        delete(share_accounts).where(
            share_accounts.c.master_id == row.master_id,
            share_accounts.c.share_id == row.id,
            share_accounts.c.account_id == any_(ids_of(closed)),
        )
    )


async def log_share(
    session: WriteSession,
    principal: Actor,
    opened: Collection[Authorized],
    kind: EventType,
    share_id: ShareId,
    before: Change | None,
    after: Change | None,
    *,
    narrows: bool = False,
) -> None:
    """Write an event into the log of each account. `narrows`: as in `record_in_each`."""
    if opened:
        subject_id = present(Kind.SHARE, share_id)
        told = before, after
        await record_in_each(session, principal, list(opened), kind, subject_id, *told, narrows=narrows)


async def withdraw_waiting(
    session: WriteSession, principal: Principal, opened: Sequence[Authorized], email: str
) -> None:
    """Take the accounts out of the offers that wait for the address. An offer without accounts is revoked."""
    waiting = select(shares).where(_of_address(opened, email), shares.c.user_id.is_(None))
    for row in (await session.execute(waiting)).all():
        share_id = ShareId(row.id)
        ids = await opened_by(session, share_id)
        closed = [account for account in opened if account.account_id in ids]
        if len(closed) == len(ids):
            await write_share(session, row, {"revoked_at": func.now()})
        else:
            await drop_accounts(session, row, closed)
            await write_share(session, row, {})
        before: Change = {"email": row.email}
        await log_share(session, principal, closed, EventType.SHARE_REVOKED, share_id, before, None)


async def refuse_shared(
    session: WriteSession,
    principal: Principal,
    opened: Sequence[Authorized],
    email: str,
    but: ShareId | None = None,
) -> None:
    """Raise ALREADY_SHARED. An account has at most one share per address that holds or can be accepted.
    `but`: the share that is being changed."""
    unexpired = or_(shares.c.expires_at.is_(None), shares.c.expires_at > func.now())
    open_ = or_(shares.c.user_id.is_not(None), shares.c.link_expires_at > func.now())
    statement = select(shares.c.id).where(_of_address(opened, email), unexpired, open_)
    if but is not None:
        statement = statement.where(shares.c.id != but)
    shared = [ShareId(found) for found in (await session.execute(statement)).scalars()]
    if shared:
        master_id, ids = opened[0].master_id, [account.account_id for account in opened]
        which, field = accounts_of_shares(master_id, shared, ids), "email" if but is None else "accountIds"
        raise await blocked(session, principal, RefusalCode.ALREADY_SHARED, which, field)


def ids_of(opened: Collection[Authorized]) -> ColumnElement[list[uuid.UUID]]:
    """The accounts' ids as one bound array."""
    return literal([account.account_id for account in opened], ARRAY(Uuid))


def _of_address(opened: Sequence[Authorized], email: str) -> ColumnElement[bool]:
    """The shares with the address that were not revoked and open one of the accounts."""
    ids = select(share_accounts.c.share_id).where(
        share_accounts.c.master_id == opened[0].master_id, share_accounts.c.account_id == any_(ids_of(opened))
    )
    return and_(
        shares.c.master_id == opened[0].master_id,
        shares.c.id.in_(ids),
        shares.c.email_canonical == email,
        shares.c.revoked_at.is_(None),
    )
