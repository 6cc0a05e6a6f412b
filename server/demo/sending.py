"""What the demo's accounts have sent: under a plan, within caps, booked as by a sending engine."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from authz.callers.principals import Principal
from engine.writes.sessions import WriteSession
from models.accounts.tables import Currency, accounts
from models.base.ids import AccountId, PlanId
from models.budgets.tables import BudgetCurrency
from models.plans.catalogue import plan_id
from resolvers.budgets.change import BudgetUpdate, update_budget
from resolvers.inputs.address_digests import ContactKey
from resolvers.review.policy import ReviewPolicy
from resolvers.sending.address_hash import RecipientForm, read_recipients
from resolvers.sending.commit_or_void import commit_sends
from resolvers.sending.reserve import SendReservation, reserve_sends
from resolvers.subscriptions.change import PlanChange, change_plan
from server.demo.story import DemoAccount, DemoPlan, DemoSends

_GROWING_FOR = 16
"""Months from nobody to as many readers as there are now."""


@dataclass(frozen=True)
class Keeper:
    """The person that keeps an account."""

    principal: Principal
    account_id: AccountId


@dataclass(frozen=True)
class Sender(Keeper):
    """The person that sends for a subaccount."""

    account: DemoAccount


async def version_of(session: WriteSession, account_id: AccountId) -> int:
    """The account's version, which an update has to name."""
    statement = select(accounts.c.version).where(accounts.c.id == account_id)
    found: int = (await session.execute(statement)).scalar_one()
    return found


@dataclass(frozen=True)
class Sending:
    """`contact_key` None: the deployment has none, and nothing is sent."""

    session: WriteSession
    contact_key: ContactKey | None

    async def choose(
        self, owner: Principal, account_id: AccountId, plan: DemoPlan, currency: Currency
    ) -> None:
        """Give the account its plan."""
        command = PlanChange(
            account_id,
            PlanId(plan_id(plan.plan, currency)),
            await version_of(self.session, account_id),
            plan.time_zone,
        )
        await change_plan(self.session, owner, command)

    async def cap(self, maker: Principal, account_id: AccountId, cap: int) -> None:
        """Limit what the account may send in a cycle."""
        version = await version_of(self.session, account_id)
        command = BudgetUpdate(account_id, version, BudgetCurrency.SENDS, cap=cap)
        await update_budget(self.session, maker, command)

    async def send_all(self, senders: Sequence[Sender], months_ago: int = 0) -> None:
        """Send what each account sends in a month: the longer ago, the less it was."""
        if self.contact_key is None:
            return
        for sender in senders:
            for sends in sender.account.sends:
                await self._send(self.contact_key, sender, sends, months_ago)

    async def _send(self, contact_key: ContactKey, sender: Sender, sends: DemoSends, months_ago: int) -> None:
        recipients = read_recipients(contact_key, RecipientForm.ADDRESSES, _addresses(sends, months_ago))
        key = f"demo {sender.account.name} {sends.first} {months_ago}"
        command = SendReservation(sender.account_id, sends.stream, recipients, key, sends.label)
        reserved = await reserve_sends(self.session, sender.principal, command, ReviewPolicy.OFF)
        await commit_sends(self.session, sender.principal, reserved.reservation_id, ReviewPolicy.OFF)


def _addresses(sends: DemoSends, months_ago: int) -> list[str]:
    most = sends.last - sends.first + 1
    fewer = most * (_GROWING_FOR - months_ago) // _GROWING_FOR
    return [f"reader{number}@example.com" for number in range(sends.first, sends.first + fewer)]
