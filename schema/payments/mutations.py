"""Mutations of payment methods, top-ups and the rule for automatic top-ups."""

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
from schema.fields.idempotency import idempotency_key, replayed
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload
from schema.fields.references import AccountRef
from schema.fields.updates import ACCOUNT_VERSION, converted, expected_version, given_value, may_stay
from schema.fields.writes import perform_steps
from schema.payments.types import PaymentMethod, TopUp

_BOUNDS = "1 to 10^15 micro-units"


@strawberry.input(description="A payment method, by the payment provider's reference to it.")
class PaymentMethodAddInput:
    account_id: strawberry.ID = strawberry.field(description="The account that pays.")
    reference: str = strawberry.field(
        description="The provider's reference, 1 to 200 characters. Card numbers are refused, because they "
        "must never reach this server."
    )
    label: str = strawberry.field(description="A name that people recognize: 1 to 200 characters.")


@strawberry.input(description="The payment method to remove.")
class PaymentMethodRemoveInput:
    payment_method_id: strawberry.ID = strawberry.field(description="The payment method.")


@strawberry.input(description="The credit to buy.")
class CreditTopUpInput:
    account_id: strawberry.ID = strawberry.field(
        description="The account that pays and receives the credit. It must have its own balance."
    )
    payment_method_id: strawberry.ID = strawberry.field(description="One of the account's payment methods.")
    amount: MicroAmount = strawberry.field(description="The amount: 1 to 10^15 micro-units.")
    idempotency_key: str = idempotency_key(
        "it buys nothing more; while the payment provider has not answered, it asks the provider again"
    )


@entity(None, carries={"payment_method_id": Uuid()})
class PaymentMethodPayload(Payload):
    """The payment method that was added or removed."""

    payment_method: PaymentMethod | None = to_one(payment_methods.of_result)


@entity(None, carries={"top_up_id": Uuid()})
class CreditTopUpPayload(Payload):
    """The top-up."""

    top_up: TopUp | None = to_one(top_ups.of_result)
    replayed: bool = replayed("Whether an earlier request with the same key started it.")


@strawberry.input(
    description="The rule for automatic top-ups. Fields that are left out stay as they are; the first rule "
    "needs all of them."
)
class TopUpRuleUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="An account with its own balance.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    payment_method_id: strawberry.ID | None = may_stay("One of the account's payment methods.")
    threshold: MicroAmount | None = may_stay(
        f"A top-up starts when the balance falls below this amount: {_BOUNDS}."
    )
    amount: MicroAmount | None = may_stay(f"The amount of each top-up, more than the threshold: {_BOUNDS}.")
    daily_maximum: MicroAmount | None = may_stay(
        f"The most that the rule can buy in one day in UTC, at least the amount: {_BOUNDS}."
    )


@strawberry.input(description="The account whose rule for automatic top-ups is removed.")
class TopUpRuleRemoveInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")


@entity(None, carries={"account_id": Uuid()})
class TopUpRulePayload(Payload):
    """An account and its rule for automatic top-ups."""

    account: AccountRef | None = to_one(accounts.of_result)


@strawberry.type
class PaymentMutation:
    @mutation(needs(Permission.CREDIT_WRITE))
    async def payment_method_add(
        self, session: WriteSession, principal: Principal, input: PaymentMethodAddInput
    ) -> PaymentMethodPayload:
        """Add a payment method to an account, by the payment provider's reference to it."""
        command = change_methods.NewPaymentMethod(
            account_id=account_id(input.account_id), reference=input.reference, label=input.label
        )
        made = await change_methods.add_payment_method(session, principal, command)
        return payload(PaymentMethodPayload, payment_method_id=made)

    @mutation(needs(Permission.CREDIT_WRITE))
    async def payment_method_remove(
        self, session: WriteSession, principal: Principal, input: PaymentMethodRemoveInput
    ) -> PaymentMethodPayload:
        """Remove a payment method. Nothing more is paid with it."""
        method_id = _payment_method_id(input.payment_method_id)
        await change_methods.remove_payment_method(session, principal, method_id)
        return payload(PaymentMethodPayload, payment_method_id=method_id)

    @strawberry.mutation(
        directives=needs(Permission.CREDIT_WRITE),
        description="Buy credit with one of the account's payment methods. The top-up is pending until the "
        "payment provider answers.",
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
            return payload(
                CreditTopUpPayload,
                top_up_id=done.top_up_id,
                replayed=done.replayed,
                authz_revision=done.revision,
            )

        return await perform_steps(info, CreditTopUpPayload, steps)

    @mutation(needs(Permission.CREDIT_WRITE))
    async def top_up_rule_update(
        self, session: WriteSession, principal: Principal, input: TopUpRuleUpdateInput
    ) -> TopUpRulePayload:
        """Set or change the rule that buys credit automatically when the balance is low. After three declined
        payments in a row the rule pauses; updating it resumes it."""
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
        """Remove the rule for automatic top-ups. A top-up in progress is still completed."""
        account = await top_up_rule_changes.remove_top_up_rule(
            session, principal, account_id(input.account_id)
        )
        return payload(TopUpRulePayload, account_id=account.account_id)


def _payment_method_id(text: str) -> PaymentMethodId:
    return PaymentMethodId(required(Kind.PAYMENT_METHOD, text, "paymentMethodId"))
