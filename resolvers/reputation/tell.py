"""Telling that the platform's state of a source changed: in the log, and by mail to those who run the
account, to those above it, and to platform staff (R5)."""

import datetime
from dataclasses import dataclass

from sqlalchemy import select

from authz.callers.actors import Actor
from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.policy.permissions import Permission, allows
from authz.reach.everybody import access_in
from engine.text.numbers import counted
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import Place, this_account
from models.base.ids import Kind, MasterId, present
from models.people.users import users
from models.reputation.tables import PlatformState, StateReason
from models.staff.tables import staff
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_account
from resolvers.effects.mail_texts import letter, quoted
from resolvers.effects.outbox import Cause, Mail, queue_notices
from resolvers.inputs.emails import EmailAddress
from resolvers.reputation.mail_kinds import REPUTATION_CHANGED, REPUTATION_CHANGED_FOR_STAFF
from resolvers.reputation.sources import SendingSource
from resolvers.reputation.states import ENOUGH, IN, TRIAL_SENDS, Numbers, Standing


@dataclass(frozen=True)
class Moved:
    """A source whose platform state changed. `numbers`: what decided it; None: a person did. `note`: what
    staff gave as their reason."""

    source: SendingSource
    before: Standing
    after: Standing
    numbers: Numbers | None = None
    note: str | None = None

    def logged_before(self) -> Change:
        """As the log shows it."""
        return {**self.source.logged(), "platformState": self.before.state.value}

    def logged_after(self) -> Change:
        """The same, and why."""
        after = self.after
        change: Change = {**self.source.logged(), "platformState": after.state.value}
        if after.reason is not None:
            change["reason"] = after.reason.value
        if after.cool_down_until is not None:
            change["coolDownUntil"] = after.cool_down_until.astimezone(datetime.UTC).isoformat()
        if self.numbers is not None:
            change |= {"sent": self.numbers.sent, "hardBounces": self.numbers.hard_bounces}
            change["complaints"] = self.numbers.complaints
        if self.note is not None:
            change["note"] = self.note
        return change


async def tell_moved(session: WriteSession, actor: Actor, account: Authorized, moved: Moved) -> None:
    """Write the event of what nobody of the staff decided, and queue the mails."""
    before, after = moved.logged_before(), moved.logged_after()
    await record_of_account(session, actor, account, EventType.REPUTATION_CHANGED, before, after)
    principal = actor if isinstance(actor, Principal) else None
    await mail_moved(session, principal, account, moved)


async def mail_moved(
    session: WriteSession, principal: Principal | None, account: Place, moved: Moved
) -> None:
    """Queue a mail to everybody who may change the account's settings, there or from above, and to staff."""
    names = select(accounts.c.name).where(this_account(accounts, account))
    name = quoted((await session.execute(names)).scalar_one())
    account_id = present(Kind.ACCOUNT, account.account_id)
    said = _paragraphs(f"{name} ({account_id})", moved)
    cause = Cause(principal, MasterId(account.master_id))
    place = accounts.alias()
    access = access_in(place).lateral("access")
    manages = allows(access.c.mask, Permission.SETTINGS_WRITE)
    managers = select(access.c.user_id).select_from(place.join(access, manages))
    people = select(users.c.email, users.c.email_canonical).order_by(users.c.email_canonical)
    mails: list[Mail] = []
    for kind, told in (
        (REPUTATION_CHANGED, people.where(users.c.id.in_(managers.where(this_account(place, account))))),
        (REPUTATION_CHANGED_FOR_STAFF, people.join(staff, staff.c.user_id == users.c.id)),
    ):
        for email, canonical in (await session.execute(told)).all():
            mails.append(Mail(kind, EmailAddress(email, canonical), letter(*said)))
    await queue_notices(session, cause, mails)


def _paragraphs(account: str, moved: Moved) -> list[str]:
    after = moved.after
    state = f"the platform's state is now {after.state.value}. {_MEANS[after.state]}"
    said = [f"{moved.source.name} of {account}: {state}"]
    if after.reason is not None and after.state is not PlatformState.TRIAL:
        said.append(_WHY[after.reason])
    if moved.numbers is not None:
        said.append(_counted(moved.numbers))
    if moved.note is not None:
        said.append(f"The reason given: {quoted(moved.note)}")
    if after.cool_down_until is not None:
        utc = after.cool_down_until.astimezone(datetime.UTC)
        said.append(
            f"From {utc:%Y-%m-%d %H:%M} UTC on, sendingSourceResume begins a trial. First remove the "
            "addresses that bounce, and those of people who never asked for these messages: each pause is "
            "longer than the one before."
        )
    said.append("Other sources, also of the same account, send on.")
    return said


def _counted(numbers: Numbers) -> str:
    of = max(numbers.sent, 1)
    bounced, complained = (number * IN / of / 100 for number in (numbers.hard_bounces, numbers.complaints))
    bounces = counted(numbers.hard_bounces, "hard bounce")
    complaints = counted(numbers.complaints, "complaint")
    return (
        f"In the window: {numbers.sent:,} sent, {bounces} ({bounced:.2f} %), "
        f"{complaints} ({complained:.2f} %)."
    )


_MEANS = {
    PlatformState.ACTIVE: "It sends without limits of this kind.",
    PlatformState.WARNED: "It sends, and will be paused if more comes back.",
    PlatformState.PAUSED: "It sends nothing. What waits is kept.",
    PlatformState.TRIAL: f"It makes up to {TRIAL_SENDS:,} sends an hour. {ENOUGH:,} with little coming back "
    "make it ACTIVE again.",
}
_WHY = {
    StateReason.BOUNCE_RATE: "Too many messages bounced for good.",
    StateReason.COMPLAINT_RATE: "Too many recipients complained of spam.",
    StateReason.STAFF: "Platform support decided it.",
}
