"""Mutations of subaccounts' caps and guarantees."""

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
    description="A subaccount's cap and guarantee of sends. Fields that are left out stay as they are; "
    "before the first update there is no cap and no guarantee."
)
class SendBudgetUpdateInput:
    account_id: strawberry.ID = strawberry.field(description=_ACCOUNT)
    expected_version: int = expected_version(ACCOUNT_VERSION)
    cap: int | None = may_stay(
        "The most sends of the account and everything below it in a billing cycle; null for no cap."
    )
    guarantee: int | None = may_stay(
        "The sends to keep for them in a billing cycle, out of the plan of the account directly above, "
        "which must own its plan. At most the cap; all guarantees together are at most the plan's sends. "
        "Null or 0 for none."
    )


@strawberry.input(
    description="A subaccount's cap and guarantee of credit. Fields that are left out stay as they are; "
    "before the first update there is no cap and no guarantee."
)
class CreditBudgetUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="A subaccount that draws from a pool.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    cap: MicroAmount | None = may_stay(
        "The most credit for the account and everything below it in a billing cycle; null for no cap."
    )
    guarantee: MicroAmount | None = may_stay(
        "The credit to keep for them in a billing cycle, out of the credit of the account directly above, "
        "which must have its own balance. At most the cap, and at most what the pool has now. Null or 0 for "
        "none."
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
        """Set a cap on the sends of a subaccount and everything below it in a billing cycle, and a guarantee
        that keeps part of the plan above for them. You also need the permission in the account above."""
        return await _updated(session, principal, input, BudgetCurrency.SENDS)

    @mutation(needs(writes.PERMISSIONS[BudgetCurrency.CREDIT]))
    async def credit_budget_update(
        self, session: WriteSession, principal: Principal, input: CreditBudgetUpdateInput
    ) -> BudgetPayload:
        """Set a cap on the credit that a subaccount and everything below it take from the pool in a billing
        cycle, and a guarantee that keeps part of the pool for them. You also need the permission in the
        account above."""
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
