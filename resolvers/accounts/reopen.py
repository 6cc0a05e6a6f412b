"""Opening a closed account again, as long as what it kept of people is there.

What closing settled stays settled. The account gets back its status, its owners and its contacts.
"""

from sqlalchemy import func, literal, select, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from authz.reach.status import effective_status
from engine.writes.sessions import WriteSession
from models.accounts.tables import AccountStatus, accounts
from models.accounts.trees import in_account, row_of, this_account
from models.base.ids import AccountId, UserId
from models.contacts.jobs import KEPT_AFTER_CLOSING, ContactJobKind, ContactJobStatus, contact_jobs
from models.members.tables import memberships
from resolvers.accounts.change import check_external_id
from resolvers.billing.status_history import note_status, status_before_closing
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_account
from resolvers.inputs.text import short_text
from resolvers.members.ownership import take_ownership


async def reopen_account(
    session: WriteSession, principal: Principal, account_id: AccountId, reason: str | None
) -> Authorized:
    """Open a closed account again, with the status that it had. One that is not closed stays as it is.

    Needs ACCOUNT_CLOSE, as closing does. Raises FAILED_PRECONDITION for an account that was closed too long
    ago; ACCOUNT_CLOSED and ACCOUNT_SUSPENDED for one above; CONFLICT for an external id that another one has
    by now, and ALREADY_OWNS_ACCOUNT where an owner owns another one.
    """
    reason = None if reason is None else short_text(reason, "reason")
    account = await authorize(session, principal, account_id, Permission.ACCOUNT_CLOSE, WriteKind.TAKES_AWAY)
    if account.stored.own_status != AccountStatus.CLOSED.value:
        return account
    await _check_above(session, account)
    stored = account.stored
    if stored.external_id is not None:
        await check_external_id(
            session, principal, account, stored.parent_id, stored.external_id, "accountId"
        )
    await _keep_contacts(session, account)
    for user_id in await _owners(session, account):
        await take_ownership(session, account, user_id)
    status = await status_before_closing(session, account)
    opened: dict[str, object] = {"status": status.value, "version": accounts.c.version + 1}
    await session.send_built(update(accounts).where(this_account(accounts, account)).values(opened))
    await note_status(session, account, status)
    change: tuple[Change, Change] = {"status": AccountStatus.CLOSED.value}, {"status": status.value}
    await record_of_account(session, principal, account, EventType.ACCOUNT_REOPENED, *change, reason)
    return account


async def _check_above(session: WriteSession, account: Authorized) -> None:
    """The path is locked, so that no status above changes meanwhile."""
    parent = row_of(accounts, account, account.stored.parent_id)
    status = (await session.execute(select(effective_status(accounts)).where(parent))).scalar_one_or_none()
    if status == AccountStatus.CLOSED.value:
        raise Refusal(RefusalCode.ACCOUNT_CLOSED, "An account above is closed: reopen it first.", "accountId")
    if status == AccountStatus.SUSPENDED.value:
        raise Refusal(RefusalCode.ACCOUNT_SUSPENDED, "An account above is suspended.", "accountId")


async def _keep_contacts(session: WriteSession, account: Authorized) -> None:
    """Cancel the job that removes them: it locks the account too, so it has begun, or never will."""
    job = contact_jobs.c
    waiting = (
        update(contact_jobs)
        .where(
            in_account(contact_jobs, account),
            job.kind == ContactJobKind.CONTACTS_DELETION.value,
            job.status == ContactJobStatus.WAITING.value,
            job.created_at >= func.now() - literal(KEPT_AFTER_CLOSING),
        )
        .values(status=ContactJobStatus.CANCELLED.value, ended_at=func.now())
        .returning(job.id)
    )
    if (await session.execute(waiting)).first() is None:
        message = f"It was closed more than {KEPT_AFTER_CLOSING.days} days ago; its contacts are deleted."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")


async def _owners(session: WriteSession, account: Authorized) -> list[UserId]:
    member = memberships.c
    statement = select(member.user_id).where(
        in_account(memberships, account), member.role_id == BuiltinRole.OWNER.id
    )
    return [UserId(found) for found in (await session.execute(statement.order_by(member.user_id))).scalars()]
