"""What buys credit, at once or by a rule, and what it is paid with."""

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, PaymentMethodId
from resolvers.accounts import reads as accounts
from resolvers.inputs.global_ids import required
from resolvers.payments import change_methods, top_ups
from resolvers.payments import methods as payment_methods
from resolvers.payments import set_top_up_rule as top_up_rule_changes
from resolvers.payments import top_up as top_up_changes
from schema.fields.amounts import MicroAmount
from schema.fields.context import ContextInfo, principal_of
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload, replayed
from schema.fields.references import AccountRef
from schema.fields.updates import ACCOUNT_VERSION, converted, expected_version, given_value, may_stay
from schema.fields.writes import perform_steps
from schema.payments.types import PaymentMethod, TopUp

_BOUNDS = "at least one, at most 10^15 micro-units"


@strawberry.input(description="Something to pay with, by the payment provider's reference to it.")
class PaymentMethodAddInput:
    account_id: strawberry.ID = strawberry.field(description="The account that pays.")
    reference: str = strawberry.field(
        description="The provider's, 1 to 200 characters. Card numbers are refused: they must never get here."
    )
    label: str = strawberry.field(description="What people know it by: 1 to 200 characters.")


@strawberry.input(description="A payment method.")
class PaymentMethodRemoveInput:
    payment_method_id: strawberry.ID = strawberry.field(description="What nothing more is paid with.")


@strawberry.input(description="Credit to buy.")
class CreditTopUpInput:
    account_id: strawberry.ID = strawberry.field(
        description="The account that pays and gets the credit; with a balance of its own."
    )
    payment_method_id: strawberry.ID = strawberry.field(description="One of the account's.")
    amount: MicroAmount = strawberry.field(description="How much: at least one, at most 10^15 micro-units.")
    idempotency_key: str = strawberry.field(
        description="Your own, 1 to 200 characters. The same key again within 30 days takes nothing more; "
        "it asks again for the provider's answer while there is none."
    )


@entity(None, carries={"payment_method_id": Uuid()})
class PaymentMethodPayload(Payload):
    """A payment method."""

    payment_method: PaymentMethod | None = to_one(payment_methods.of_result)


@entity(None, carries={"top_up_id": Uuid()})
class CreditTopUpPayload(Payload):
    """Credit that was bought."""

    top_up: TopUp | None = to_one(top_ups.of_result)
    replayed: bool = replayed("It was begun by an earlier request under the same key.")


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
class PaymentMutation:
    @mutation(needs(Permission.CREDIT_WRITE))
    async def payment_method_add(
        self, session: WriteSession, principal: Principal, input: PaymentMethodAddInput
    ) -> PaymentMethodPayload:
        """Let an account pay for itself (R44), by a payment provider's reference."""
        command = change_methods.NewPaymentMethod(
            account_id=account_id(input.account_id), reference=input.reference, label=input.label
        )
        made = await change_methods.add_payment_method(session, principal, command)
        return payload(PaymentMethodPayload, payment_method_id=made)

    @mutation(needs(Permission.CREDIT_WRITE))
    async def payment_method_remove(
        self, session: WriteSession, principal: Principal, input: PaymentMethodRemoveInput
    ) -> PaymentMethodPayload:
        """Let nothing more be paid with it."""
        method_id = _payment_method_id(input.payment_method_id)
        await change_methods.remove_payment_method(session, principal, method_id)
        return payload(PaymentMethodPayload, payment_method_id=method_id)

    @strawberry.mutation(
        directives=needs(Permission.CREDIT_WRITE),
        description="Buy credit with one of the account's payment methods (R44). While the payment provider "
        "does not answer, the top-up is pending.",
    )
    async def credit_top_up(self, info: ContextInfo, input: CreditTopUpInput) -> CreditTopUpPayload:
        principal = principal_of(info)

        async def steps() -> CreditTopUpPayload:
            command = top_up_changes.CreditTopUp(
                account_id=account_id(input.account_id),
                payment_method_id=_payment_method_id(input.payment_method_id),
                amount=input.amount,
                idempotency_key=input.idempotency_key,
            )
            context = info.context
            done = await top_up_changes.top_up_credit(
                context.sessions, context.deployment.payments, principal, command
            )
            told = {"replayed": done.replayed, "authz_revision": done.revision}
            return payload(CreditTopUpPayload, top_up_id=done.top_up_id, **told)

        return await perform_steps(info, CreditTopUpPayload, steps)

    @mutation(needs(Permission.CREDIT_WRITE))
    async def top_up_rule_update(
        self, session: WriteSession, principal: Principal, input: TopUpRuleUpdateInput
    ) -> TopUpRulePayload:
        """Let credit be bought whenever little is left (N10), or change how. After three refusals in a row
        the rule pauses; setting it again lets it go on."""
        command = top_up_rule_changes.TopUpRuleUpdate(
            account_id=account_id(input.account_id),
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

    @mutation(needs(Permission.CREDIT_WRITE))
    async def top_up_rule_remove(
        self, session: WriteSession, principal: Principal, input: TopUpRuleRemoveInput
    ) -> TopUpRulePayload:
        """Let nothing more be bought by itself. A top-up that is under way is still settled."""
        account = await top_up_rule_changes.remove_top_up_rule(
            session, principal, account_id(input.account_id)
        )
        return payload(TopUpRulePayload, account_id=account.account_id)


def _payment_method_id(text: str) -> PaymentMethodId:
    return PaymentMethodId(required(Kind.PAYMENT_METHOD, text, "paymentMethodId"))
