"""What the demo's accounts have sent: under a plan, within caps, booked as by a sending engine."""

from dataclasses import dataclass

from sqlalchemy import select

from authz.principals import Principal
from engine.write_sessions import WriteSession
from models.accounts import Currency, accounts
from models.budgets import BudgetCurrency
from models.identifiers import AccountId, PlanId
from models.plan_catalogue import plan_id
from resolvers.budget_changes import BudgetUpdate, update_budget
from resolvers.contacts import ContactKey, RecipientForm, read_recipients
from resolvers.plan_changes import PlanChange, change_plan
from resolvers.send_reservations import SendReservation, reserve_sends
from resolvers.send_settlements import commit_sends
from server.demo.story import DemoAccount, DemoPlan, DemoSends


async def version_of(session: WriteSession, account_id: AccountId) -> int:
    """The account's version, which whoever updates it says."""
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

    async def send(
        self, maker: Principal, sender: Principal, account_id: AccountId, account: DemoAccount
    ) -> None:
        """Cap the account, as its maker, and send what it has sent."""
        if account.send_cap is not None:
            version = await version_of(self.session, account_id)
            capped = BudgetUpdate(account_id, version, BudgetCurrency.SENDS, cap=account.send_cap)
            await update_budget(self.session, maker, capped)
        if self.contact_key is None:
            return
        for sends in account.sends:
            recipients = read_recipients(self.contact_key, RecipientForm.ADDRESSES, _addresses(sends))
            key = f"demo {account.name} {sends.first}"
            command = SendReservation(account_id, sends.stream, recipients, key, sends.label)
            reserved = await reserve_sends(self.session, sender, command)
            await commit_sends(self.session, sender, reserved.reservation_id)


def _addresses(sends: DemoSends) -> list[str]:
    return [f"reader{number}@example.com" for number in range(sends.first, sends.last + 1)]
