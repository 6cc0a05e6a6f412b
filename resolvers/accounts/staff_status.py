"""Master accounts that platform staff suspend and resume (R88). No account above could."""

from dataclasses import dataclass

from sqlalchemy import select, update

from authz.callers.principals import Principal
from authz.guards.staff import StaffAtWork, authorize_staff
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.refusals import Refusal, RefusalCode
from authz.reach.grants import membership_holds
from engine.writes.sessions import WriteSession
from models.accounts.tables import AccountStatus, accounts
from models.accounts.trees import in_account, this_account
from models.base.ids import AccountId, Kind, present
from models.members.tables import memberships
from models.people.users import users
from resolvers.accounts.mail_kinds import ACCOUNT_RESUMED, ACCOUNT_SUSPENDED
from resolvers.billing.status_history import note_status
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record_of_staff
from resolvers.effects.mail_limits import MailKind
from resolvers.effects.mail_texts import letter, quoted
from resolvers.effects.outbox import Cause, Mail, queue_notices
from resolvers.inputs.emails import EmailAddress
from resolvers.inputs.text import short_text


@dataclass(frozen=True)
class _Change:
    status: AccountStatus
    event: EventType
    mail: MailKind
    means: str


_SUSPENDING = _Change(
    AccountStatus.SUSPENDED,
    EventType.ACCOUNT_SUSPENDED,
    ACCOUNT_SUSPENDED,
    "Platform support has suspended it. The account and all accounts below it can be read, but not changed, "
    "and they send nothing.",
)
_RESUMING = _Change(
    AccountStatus.ACTIVE,
    EventType.ACCOUNT_RESUMED,
    ACCOUNT_RESUMED,
    "Platform support has resumed it. Accounts below it that are suspended themselves stay so.",
)


async def suspend_by_staff(
    session: WriteSession, principal: Principal, account_id: AccountId, reason: str
) -> AccountId:
    """Stop every change in the master account and below it that does not only take away. One that is
    suspended stays as it is.

    Raises what `authorize_staff` raises, BAD_USER_INPUT, ACCOUNT_CLOSED, and FAILED_PRECONDITION for a
    subaccount, which those above it suspend.
    """
    return await _change_status(session, principal, account_id, reason, _SUSPENDING)


async def resume_by_staff(
    session: WriteSession, principal: Principal, account_id: AccountId, reason: str
) -> AccountId:
    """Make a suspended master account usable again. One that is active stays as it is. Raises the same."""
    return await _change_status(session, principal, account_id, reason, _RESUMING)


async def _change_status(
    session: WriteSession, principal: Principal, account_id: AccountId, reason: str, change: _Change
) -> AccountId:
    at_work = await authorize_staff(session, principal, account_id)
    why = short_text(reason, "reason")
    if at_work.account_id != at_work.master_id:
        message = "Only a master account; a subaccount is suspended and resumed from an account above."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    stored = select(accounts.c.status, accounts.c.name).where(this_account(accounts, at_work))
    row = (await session.execute(stored)).one()
    if row.status == AccountStatus.CLOSED.value:
        raise Refusal(RefusalCode.ACCOUNT_CLOSED)
    if row.status != change.status.value:
        values = {"status": change.status.value, "version": accounts.c.version + 1}
        await session.send_built(update(accounts).where(this_account(accounts, at_work)).values(values))
        await note_status(session, at_work, change.status)
        subject_id = present(Kind.ACCOUNT, at_work.account_id)
        before, after = {"status": row.status}, {"status": change.status.value}
        await record_of_staff(session, at_work, change.event, subject_id, dict(before), dict(after), why)
        await _tell_owners(session, principal, at_work, row.name, why, change)
    return at_work.account_id


async def _tell_owners(
    session: WriteSession, principal: Principal, at_work: StaffAtWork, name: str, why: str, change: _Change
) -> None:
    """Queue a mail to each owner of the master account."""
    owns = (
        in_account(memberships, at_work),
        memberships.c.role_id == BuiltinRole.OWNER.id,
        membership_holds(),
    )
    people = (
        select(users.c.email, users.c.email_canonical)
        .join(memberships, memberships.c.user_id == users.c.id)
        .where(*owns)
        .order_by(users.c.email_canonical)
    )
    account = f"{quoted(name)} ({present(Kind.ACCOUNT, at_work.account_id)})"
    body = letter(f"This is about {account}. {change.means}", f"The reason given: {quoted(why)}")
    owners = (await session.execute(people)).all()
    mails = [Mail(change.mail, EmailAddress(email, canonical), body) for email, canonical in owners]
    await queue_notices(session, Cause(principal, at_work.master_id), mails)
