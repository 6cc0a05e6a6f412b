"""What changes who is billed."""

import strawberry
from sqlalchemy import Uuid

from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind
from models.billing.tables import BillingMode
from resolvers.accounts import reads as accounts
from resolvers.billing import change as writes
from resolvers.inputs.global_ids import required
from schema.fields.context import ContextInfo, principal_of
from schema.fields.payloads import Payload, payload
from schema.fields.references import AccountRef
from schema.fields.updates import ACCOUNT_VERSION, expected_version, given, given_value, may_stay
from schema.fields.writes import needs, perform


@strawberry.input(description="On whose invoice a subaccount shall be.")
class BillingModeUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="A subaccount.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    mode: BillingMode = strawberry.field(description="On its own, or on that of an account above.")


@strawberry.input(
    description="How an account is named and addressed on its invoices. What is left out stays. The first "
    "details need everything but `vatId` and `email`, and `postcode` where the country's addresses need one."
)
class BillingDetailsUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    name: str | None = may_stay("Of the company or person, 1 to 200 characters.")
    street: str | None = may_stay("Street and number, 1 to 200 characters.")
    postcode: str | None = may_stay(
        "1 to 200 characters. Null: none, which is BAD_USER_INPUT in countries where addresses need one."
    )
    city: str | None = may_stay("1 to 200 characters.")
    country: str | None = may_stay("By its ISO 3166-1 code of two letters, such as DE.")
    vat_id: str | None = may_stay(
        "With its country's code, such as DE123456789; only its form is checked. Null: none."
    )
    email: str | None = may_stay("The electronic address that the XML names; no mail is sent. Null: none.")


@entity(None, carries={"account_id": Uuid()})
class BillingPayload(Payload):
    """An account, and how it is billed."""

    account: AccountRef | None = to_one(accounts.of_result)


@strawberry.type
class BillingMutation:
    @strawberry.mutation(
        directives=needs(Permission.INVOICES_WRITE),
        description="Give a subaccount invoices of its own, or put it on those of the nearest account above "
        "that has some. Needs the permission also there. The billing cycle that is under way is billed whole "
        "by the mode at its end.",
    )
    async def billing_mode_update(self, info: ContextInfo, input: BillingModeUpdateInput) -> BillingPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> BillingPayload:
            account_id = AccountId(required(Kind.ACCOUNT, input.account_id, "accountId"))
            command = writes.BillingModeUpdate(account_id, input.expected_version, input.mode)
            done = await writes.change_billing_mode(session, principal, command)
            return payload(BillingPayload, account_id=done.account_id)

        return await perform(info, BillingPayload, write)

    @strawberry.mutation(
        directives=needs(Permission.INVOICES_WRITE),
        description="Name and address the account so on the invoices that are issued from now on. Without "
        "details they bear its name and the issuer's country.",
    )
    async def billing_details_update(
        self, info: ContextInfo, input: BillingDetailsUpdateInput
    ) -> BillingPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> BillingPayload:
            command = writes.BillingDetailsUpdate(
                account_id=AccountId(required(Kind.ACCOUNT, input.account_id, "accountId")),
                expected_version=input.expected_version,
                name=given_value(input.name, "name"),
                street=given_value(input.street, "street"),
                postcode=given(input.postcode),
                city=given_value(input.city, "city"),
                country=given_value(input.country, "country"),
                vat_id=given(input.vat_id),
                email=given(input.email),
            )
            done = await writes.update_billing_details(session, principal, command)
            return payload(BillingPayload, account_id=done.account_id)

        return await perform(info, BillingPayload, write)
