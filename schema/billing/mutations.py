"""What changes who is billed."""

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.billing.tables import BillingMode
from resolvers.accounts import reads as accounts
from resolvers.billing import change as writes
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload
from schema.fields.references import AccountRef
from schema.fields.updates import ACCOUNT_VERSION, expected_version, given, given_value, may_stay


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
    @mutation(needs(Permission.INVOICES_WRITE))
    async def billing_mode_update(
        self, session: WriteSession, principal: Principal, input: BillingModeUpdateInput
    ) -> BillingPayload:
        """Give a subaccount invoices of its own, or put it on those of the nearest account above that has
        some. Needs the permission also there. The billing cycle that is under way is billed whole by the mode
        at its end."""
        command = writes.BillingModeUpdate(
            account_id=account_id(input.account_id), expected_version=input.expected_version, mode=input.mode
        )
        done = await writes.change_billing_mode(session, principal, command)
        return payload(BillingPayload, account_id=done.account_id)

    @mutation(needs(Permission.INVOICES_WRITE))
    async def billing_details_update(
        self, session: WriteSession, principal: Principal, input: BillingDetailsUpdateInput
    ) -> BillingPayload:
        """Name and address the account so on the invoices that are issued from now on. Without details they
        bear its name and the issuer's country."""
        command = writes.BillingDetailsUpdate(
            account_id=account_id(input.account_id),
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
