"""What changes plans."""

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
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload, replayed
from schema.fields.references import AccountRef


@strawberry.input(description="The plan that an account shall have of its own.")
class PlanChangeInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    plan_id: strawberry.ID = strawberry.field(
        description="One of `Account.plans`. A subaccount's own plan must have a price."
    )
    expected_version: int = strawberry.field(description="The account's version that you read.")
    time_zone: str | None = strawberry.field(
        default=None,
        description="An IANA zone such as `Europe/Paris`, with the first plan of its own: its days begin "
        "there, and its cycles on this day of each month. Left out: UTC, and needed for the plan that the "
        "account uses already without one of its own. Never changed once that plan holds.",
    )


@strawberry.input(description="A plan that waits shall not come.")
class PlanChangeWithdrawInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    expected_version: int = strawberry.field(description="The account's version that you read.")


@strawberry.input(description="More contacts for the current cycle.")
class LimitIncreaseInput:
    account_id: strawberry.ID = strawberry.field(description="An account with a plan of its own.")
    blocks: int = strawberry.field(description="How many of the plan's blocks, 1 to 1,000.")
    idempotency_key: str = strawberry.field(
        description="Your own, 1 to 200 characters. The same key again within 30 days adds nothing more."
    )


@entity(None, carries={"account_id": Uuid()})
class PlanChangePayload(Payload):
    """An account and the plan that it sends under."""

    account: AccountRef | None = to_one(accounts.of_result)


@entity(None, carries={"account_id": Uuid()})
class LimitIncreasePayload(Payload):
    """An account and its larger limits."""

    account: AccountRef | None = to_one(accounts.of_result)
    replayed: bool = replayed("It was done by an earlier request under the same key.")


@strawberry.type
class PlanMutation:
    @mutation(needs(Permission.PLAN_WRITE))
    async def plan_change(
        self, session: WriteSession, principal: Principal, input: PlanChangeInput
    ) -> PlanChangePayload:
        """Give an account a plan of its own, or another one: at once where it takes nothing away, else with
        the next cycle (T22). Nothing is paid now: its price goes onto the invoice of whoever is billed for
        the account. Needs the permission also in that account and in the one whose credit it spends, and for
        a first plan of its own above every account on the path whose sends have a cap. The present plan
        changes nothing; while another one waits it is refused with FAILED_PRECONDITION."""
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
        """Take back a plan that waits: `Subscription.nextPlan` of the account's own subscription, or
        `Account.nextOwnPlan`. Nothing else changes. Needs what `planChange` needs, but for caps;
        FAILED_PRECONDITION where no plan waits."""
        done = await writes.withdraw_plan_change(
            session, principal, account_id(input.account_id), input.expected_version
        )
        return payload(PlanChangePayload, account_id=done.account_id)

    @mutation(needs(Permission.PLAN_WRITE))
    async def limit_increase(
        self, session: WriteSession, principal: Principal, input: LimitIncreaseInput
    ) -> LimitIncreasePayload:
        """More contacts, and the sends that come with them, for the current cycle (R94). Nothing is paid now:
        their price goes onto the invoice of whoever is billed for the account. Needs the permission also in
        that account and in the one whose credit it spends."""
        command = writes.LimitIncrease(
            account_id=account_id(input.account_id),
            blocks=input.blocks,
            idempotency_key=input.idempotency_key,
        )
        done = await writes.increase_limit(session, principal, command)
        return payload(LimitIncreasePayload, account_id=done.account.account_id, replayed=done.replayed)
