"""Setting the rule of top-ups that begin by themselves."""

import strawberry
from sqlalchemy import Uuid

from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind, PaymentMethodId
from resolvers.accounts import reads as accounts
from resolvers.inputs.global_ids import required
from resolvers.payments import set_top_up_rule as top_up_rule_changes
from schema.fields.amounts import MicroAmount
from schema.fields.context import ContextInfo, principal_of
from schema.fields.payloads import Payload, payload
from schema.fields.references import AccountRef
from schema.fields.updates import ACCOUNT_VERSION, converted, expected_version, given_value, may_stay
from schema.fields.writes import needs, perform

_BOUNDS = "at least one, at most 10^15 micro-units"


@strawberry.input(
    description="When credit is bought without anybody asking, how much, and with what. What is left out "
    "stays; a first rule needs everything."
)
class TopUpRuleUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="An account with a balance of its own.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    payment_method_id: strawberry.ID | None = may_stay("One of the account's.")
    threshold: MicroAmount | None = may_stay(f"A top-up begins when less than this is left: {_BOUNDS}.")
    amount: MicroAmount | None = may_stay(
        f"How much is bought each time, more than the threshold: {_BOUNDS}."
    )
    daily_maximum: MicroAmount | None = may_stay(
        f"How much the rule may buy in a day in UTC, not less than the amount: {_BOUNDS}."
    )


@strawberry.input(description="An account.")
class TopUpRuleRemoveInput:
    account_id: strawberry.ID = strawberry.field(description="Where nothing more is bought by itself.")


@entity(None, carries={"account_id": Uuid()})
class TopUpRulePayload(Payload):
    """An account and its rule for top-ups that begin by themselves."""

    account: AccountRef | None = to_one(accounts.of_result)


@strawberry.type
class TopUpRuleMutation:
    @strawberry.mutation(
        directives=needs(Permission.CREDIT_WRITE),
        description="Let credit be bought whenever little is left (N10), or change how. After three refusals "
        "in a row the rule pauses; setting it again lets it go on.",
    )
    async def top_up_rule_update(self, info: ContextInfo, input: TopUpRuleUpdateInput) -> TopUpRulePayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> TopUpRulePayload:
            command = top_up_rule_changes.TopUpRuleUpdate(
                account_id=AccountId(required(Kind.ACCOUNT, input.account_id, "accountId")),
                expected_version=input.expected_version,
                payment_method_id=converted(
                    given_value(input.payment_method_id, "paymentMethodId"), _payment_method_id
                ),
                threshold=given_value(input.threshold, "threshold"),
                amount=given_value(input.amount, "amount"),
                daily_maximum=given_value(input.daily_maximum, "dailyMaximum"),
            )
            account = await top_up_rule_changes.update_top_up_rule(session, principal, command)
            return payload(TopUpRulePayload, account_id=account.account_id)

        return await perform(info, TopUpRulePayload, write)

    @strawberry.mutation(
        directives=needs(Permission.CREDIT_WRITE),
        description="Let nothing more be bought by itself. A top-up that is under way is still settled.",
    )
    async def top_up_rule_remove(self, info: ContextInfo, input: TopUpRuleRemoveInput) -> TopUpRulePayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> TopUpRulePayload:
            account_id = AccountId(required(Kind.ACCOUNT, input.account_id, "accountId"))
            account = await top_up_rule_changes.remove_top_up_rule(session, principal, account_id)
            return payload(TopUpRulePayload, account_id=account.account_id)

        return await perform(info, TopUpRulePayload, write)


def _payment_method_id(text: str) -> PaymentMethodId:
    return PaymentMethodId(required(Kind.PAYMENT_METHOD, text, "paymentMethodId"))
