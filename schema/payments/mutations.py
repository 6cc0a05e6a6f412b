"""Buying credit, and what it is paid with (R44)."""

import strawberry
from sqlalchemy import Uuid

from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind, PaymentMethodId
from resolvers.inputs.global_ids import required
from resolvers.payments import methods as payment_methods
from resolvers.payments import top_up as top_up_changes
from resolvers.payments import top_ups
from resolvers.payments.change_methods import NewPaymentMethod, add_payment_method, remove_payment_method
from schema.fields.amounts import MicroAmount
from schema.fields.context import ContextInfo, principal_of
from schema.fields.user_errors import UserError
from schema.fields.writes import authz_revision, needs, payload, perform, perform_steps, user_errors
from schema.payments.types import PaymentMethod, TopUp


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
class PaymentMethodPayload:
    """A payment method."""

    payment_method: PaymentMethod | None = to_one(payment_methods.of_result)
    authz_revision: str | None = authz_revision()
    user_errors: list[UserError] = user_errors()


@entity(None, carries={"top_up_id": Uuid()})
class CreditTopUpPayload:
    """Credit that was bought."""

    top_up: TopUp | None = to_one(top_ups.of_result)
    replayed: bool = strawberry.field(
        default=False, description="It was begun by an earlier request under the same key."
    )
    authz_revision: str | None = authz_revision()
    user_errors: list[UserError] = user_errors()


@strawberry.type
class PaymentMutation:
    @strawberry.mutation(
        directives=needs(Permission.CREDIT_WRITE),
        description="Let an account pay for itself (R44), by a payment provider's reference.",
    )
    async def payment_method_add(
        self, info: ContextInfo, input: PaymentMethodAddInput
    ) -> PaymentMethodPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> PaymentMethodPayload:
            account_id = AccountId(required(Kind.ACCOUNT, input.account_id, "accountId"))
            command = NewPaymentMethod(account_id, input.reference, input.label)
            made = await add_payment_method(session, principal, command)
            return payload(PaymentMethodPayload, payment_method_id=made)

        return await perform(info, PaymentMethodPayload, write)

    @strawberry.mutation(
        directives=needs(Permission.CREDIT_WRITE), description="Let nothing more be paid with it."
    )
    async def payment_method_remove(
        self, info: ContextInfo, input: PaymentMethodRemoveInput
    ) -> PaymentMethodPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> PaymentMethodPayload:
            method_id = PaymentMethodId(
                required(Kind.PAYMENT_METHOD, input.payment_method_id, "paymentMethodId")
            )
            await remove_payment_method(session, principal, method_id)
            return payload(PaymentMethodPayload, payment_method_id=method_id)

        return await perform(info, PaymentMethodPayload, write)

    @strawberry.mutation(
        directives=needs(Permission.CREDIT_WRITE),
        description="Buy credit with one of the account's payment methods (R44). While the payment provider "
        "does not answer, the top-up is pending.",
    )
    async def credit_top_up(self, info: ContextInfo, input: CreditTopUpInput) -> CreditTopUpPayload:
        principal = principal_of(info)

        async def steps() -> CreditTopUpPayload:
            command = top_up_changes.CreditTopUp(
                AccountId(required(Kind.ACCOUNT, input.account_id, "accountId")),
                PaymentMethodId(required(Kind.PAYMENT_METHOD, input.payment_method_id, "paymentMethodId")),
                input.amount,
                input.idempotency_key,
            )
            context = info.context
            done = await top_up_changes.top_up_credit(context.sessions, context.payments, principal, command)
            told = {"replayed": done.replayed, "authz_revision": done.revision}
            return payload(CreditTopUpPayload, top_up_id=done.top_up_id, **told)

        return await perform_steps(info, CreditTopUpPayload, steps)
