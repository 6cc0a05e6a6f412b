"""Making and ending promises."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ARRAY, Uuid, any_, func, insert, literal, select, update

from authz.callers.principals import Principal
from authz.guards.delegation import usable_in
from authz.guards.exclusive import Authorized, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import columns_of, in_account, row_of, this_account
from models.base.ids import AccessPromiseId, AccountId, Kind, RoleId, new_id, present
from models.promises.tables import MOST_ROLES, access_promises
from models.roles.tables import roles
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record

MOST_PROMISES = 20
"""Of an account at once: each change of access asks all of them."""


@dataclass(frozen=True)
class NewPromise:
    """Nobody but holders of these roles shall have the permission in the account."""

    account_id: AccountId
    permission: Permission
    role_ids: tuple[RoleId, ...]


async def make_promise(session: WriteSession, principal: Principal, command: NewPromise) -> AccessPromiseId:
    """Promise it. Needs ACCOUNT_TRANSFER.

    Raises NotFound for a role that cannot be held there, BAD_USER_INPUT, FAILED_PRECONDITION for too many
    promises, and PROMISE_BROKEN where somebody has the permission already and no owner gives a reason.
    """
    account = await authorize(session, principal, command.account_id, Permission.ACCOUNT_TRANSFER)
    names = await _names(session, account, command.role_ids)
    mine = select(func.count()).where(
        in_account(access_promises, account), access_promises.c.ended_at.is_(None)
    )
    if (await session.execute(mine)).scalar_one() >= MOST_PROMISES:
        message = f"An account can have {MOST_PROMISES} promises at once."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message)
    promise_id = AccessPromiseId(new_id())
    await session.send_built(
        insert(access_promises).values(
            **columns_of(account),
            id=promise_id,
            permission=command.permission.bit,
            role_ids=sorted(set(command.role_ids)),
            maker_user_id=principal.user_id,
            maker_api_key_id=principal.api_key_id,
        )
    )
    after: Change = {"permission": command.permission.name, "roles": sorted(names)}
    subject_id = present(Kind.ACCESS_PROMISE, promise_id)
    await record(session, principal, account, EventType.PROMISE_MADE, subject_id, None, after)
    return promise_id


async def end_promise(session: WriteSession, principal: Principal, promise_id: AccessPromiseId) -> None:
    """Hold nobody to it any more. Needs ACCOUNT_TRANSFER in its account."""
    named = select(access_promises.c.account_id).where(access_promises.c.id == promise_id)
    account = await authorize(session, principal, named.scalar_subquery(), Permission.ACCOUNT_TRANSFER)
    living = row_of(access_promises, account, promise_id), access_promises.c.ended_at.is_(None)
    ending = update(access_promises).where(*living).values(ended_at=func.now())
    ended = (await session.execute(ending.returning(access_promises.c.id))).one_or_none()
    if ended is not None:
        subject_id = present(Kind.ACCESS_PROMISE, promise_id)
        await record(session, principal, account, EventType.PROMISE_ENDED, subject_id)


async def _names(session: WriteSession, account: Authorized, role_ids: Collection[RoleId]) -> list[str]:
    if not 1 <= len(set(role_ids)) <= MOST_ROLES:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Must name 1 to {MOST_ROLES} roles.", "roleIds")
    named = roles.c.id == any_(literal(list(role_ids), ARRAY(Uuid)))
    usable = (
        select(roles.c.name)
        .select_from(roles.join(accounts, usable_in(roles, accounts)))
        .where(this_account(accounts, account), named)
    )
    names = list((await session.execute(usable)).scalars())
    if len(names) < len(set(role_ids)):
        raise NotFound("roleIds")
    return names
