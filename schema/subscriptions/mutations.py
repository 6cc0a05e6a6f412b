"""Mutations of plans and limits."""

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, PlanId
from resolvers.accounts import reads as accounts
from resolvers.inputs.global_ids import required
from resolvers.subscriptions import change as writes
from schema.fields.idempotency import idempotency_key, replayed
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload
from schema.fields.references import AccountRef


@strawberry.input(description="The account, and its new own plan.")
class PlanChangeInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    plan_id: strawberry.ID = strawberry.field(
        description="A plan from `Account.plans`. A subaccount's own plan must have a price."
    )
    expected_version: int = strawberry.field(description="The version of the account that you read.")
    time_zone: str | None = strawberry.field(
        default=None,
        description="For the account's first own plan, an IANA time zone such as `Europe/Paris`. Its days "
        "start in that zone, and its billing cycles on today's day of each month. Left out, it is UTC. "
        "Required if you choose the plan that the account already uses without owning one. With the "
        "account's present plan, it corrects the time zone until the first billing cycle of its own ends or "
        "counts sends or bought contacts; then the answer is ALREADY_BOOKED.",
    )


@strawberry.input(description="The account whose scheduled plan is withdrawn.")
class PlanChangeWithdrawInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    expected_version: int = strawberry.field(description="The version of the account that you read.")


@strawberry.input(description="More contacts for the current billing cycle.")
class LimitIncreaseInput:
    account_id: strawberry.ID = strawberry.field(description="An account with a plan of its own.")
    blocks: int = strawberry.field(description="The number of blocks of the plan to buy, 1 to 1,000.")
    idempotency_key: str = idempotency_key("it adds nothing more")


@entity(None, carries={"account_id": Uuid()})
class PlanChangePayload(Payload):
    """An account and the plan that it uses."""

    account: AccountRef | None = to_one(accounts.of_result)


@entity(None, carries={"account_id": Uuid()})
class LimitIncreasePayload(Payload):
    """An account after its limits were raised."""

    account: AccountRef | None = to_one(accounts.of_result)
    replayed: bool = replayed("Whether an earlier request with the same key did it.")


@strawberry.type
class PlanMutation:
    @mutation(needs(Permission.PLAN_WRITE))
    async def plan_change(
        self, session: WriteSession, principal: Principal, input: PlanChangeInput
    ) -> PlanChangePayload:
        """Give an account its own plan, or another one. The change takes effect at once if it takes nothing
        away, otherwise with the next billing cycle. Nothing is paid now: the price appears on the invoice of
        the account that is billed. You also need the permission in the account that is billed and in the
        account whose credit is spent; for a first own plan, also above every account on the path that has a
        cap on sends. Choosing the current plan changes nothing but the time zone. While another plan is
        scheduled, the answer is FAILED_PRECONDITION."""
        command = writes.PlanChange(
            account_id=account_id(input.account_id),
            plan_id=PlanId(required(Kind.PLAN, input.plan_id, "planId")),
            expected_version=input.expected_version,
            time_zone=input.time_zone,
        )
        done = await writes.change_plan(session, principal, command)
        return payload(PlanChangePayload, account_id=done.account_id)

    @mutation(needs(Permission.PLAN_WRITE))
    async def plan_change_withdraw(
        self, session: WriteSession, principal: Principal, input: PlanChangeWithdrawInput
    ) -> PlanChangePayload:
        """Withdraw a scheduled plan: `Subscription.nextPlan` of the account's own subscription, or
        `Account.nextOwnPlan`. Nothing else changes. You need what `planChange` needs, except for caps.
        FAILED_PRECONDITION if no plan is scheduled."""
        done = await writes.withdraw_plan_change(
            session, principal, account_id(input.account_id), input.expected_version
        )
        return payload(PlanChangePayload, account_id=done.account_id)

    @mutation(needs(Permission.PLAN_WRITE))
    async def limit_increase(
        self, session: WriteSession, principal: Principal, input: LimitIncreaseInput
    ) -> LimitIncreasePayload:
        """Buy more contacts, and the sends that come with them, for the current billing cycle. Nothing is
        paid now: the price appears on the invoice of the account that is billed. You also need the permission
        in that account and in the account whose credit is spent."""
        command = writes.LimitIncrease(
            account_id=account_id(input.account_id),
            blocks=input.blocks,
            idempotency_key=input.idempotency_key,
        )
        done = await writes.increase_limit(session, principal, command)
        return payload(LimitIncreasePayload, account_id=done.account.account_id, replayed=done.replayed)
