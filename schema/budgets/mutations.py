"""What limits subaccounts, and what keeps something free for them."""

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.budgets.tables import BudgetCurrency
from resolvers.accounts import reads as accounts
from resolvers.budgets import change as writes
from schema.fields.amounts import MicroAmount
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload
from schema.fields.references import AccountRef
from schema.fields.updates import ACCOUNT_VERSION, converted, expected_version, given, may_stay

_ACCOUNT = "A subaccount."


@strawberry.input(
    description="How many sends a subaccount may make, and how many are kept for it. What is left out stays: "
    "without a budget, no cap and no guarantee."
)
class SendBudgetUpdateInput:
    account_id: strawberry.ID = strawberry.field(description=_ACCOUNT)
    expected_version: int = expected_version(ACCOUNT_VERSION)
    cap: int | None = may_stay("In a billing cycle, by it and all below it; null: as many as there are.")
    guarantee: int | None = may_stay(
        "In a billing cycle, of the plan of the account directly above, which has to be its own; null or 0: "
        "none is kept. At most the cap; all of them together at most the plan's sends."
    )


@strawberry.input(
    description="How much credit a subaccount may take, and how much is kept for it. What is left out stays: "
    "without a budget, no cap and no guarantee."
)
class CreditBudgetUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="A subaccount that draws from a pool.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    cap: MicroAmount | None = may_stay(
        "In a billing cycle, by it and all below it; null: as much as the pool has."
    )
    guarantee: MicroAmount | None = may_stay(
        "In a billing cycle, of the credit of the account directly above, which has to be its own; null or "
        "0: none is kept. At most the cap, and no more than the pool has when you say it."
    )


@entity(None, carries={"account_id": Uuid()})
class BudgetPayload(Payload):
    """An account and its budgets."""

    account: AccountRef | None = to_one(accounts.of_result)


@strawberry.type
class BudgetMutation:
    @mutation(needs(writes.PERMISSIONS[BudgetCurrency.SENDS]))
    async def send_budget_update(
        self, session: WriteSession, principal: Principal, input: SendBudgetUpdateInput
    ) -> BudgetPayload:
        """Say how many sends a subaccount and all below it may make in a billing cycle, and how many of the
        plan above are kept free for them. Needs the permission also in the account above."""
        return await _updated(session, principal, input, BudgetCurrency.SENDS)

    @mutation(needs(writes.PERMISSIONS[BudgetCurrency.CREDIT]))
    async def credit_budget_update(
        self, session: WriteSession, principal: Principal, input: CreditBudgetUpdateInput
    ) -> BudgetPayload:
        """Say how much credit a subaccount and all below it may take from the pool above in a billing cycle,
        and how much of it is kept free for them. Needs the permission also in the account above."""
        return await _updated(session, principal, input, BudgetCurrency.CREDIT)


async def _updated(
    session: WriteSession,
    principal: Principal,
    input: SendBudgetUpdateInput | CreditBudgetUpdateInput,
    currency: BudgetCurrency,
) -> BudgetPayload:
    command = writes.BudgetUpdate(
        account_id=account_id(input.account_id),
        expected_version=input.expected_version,
        currency=currency,
        cap=given(input.cap),
        guarantee=converted(given(input.guarantee), lambda guarantee: guarantee or 0),
    )
    account = await writes.update_budget(session, principal, command)
    return payload(BudgetPayload, account_id=account.account_id)
