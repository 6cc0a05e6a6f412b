"""Mutations of billing modes and billing details."""

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


@strawberry.input(description="The subaccount, and which invoices it shall appear on.")
class BillingModeUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="A subaccount.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    mode: BillingMode = strawberry.field(description="Its own invoices, or those of an account above.")


@strawberry.input(
    description="Name and address of an account on its invoices. Fields that are left out stay as they are. "
    "The first time, all are required but `vatId`, `email` and, in countries without postcodes, `postcode`."
)
class BillingDetailsUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    name: str | None = may_stay("The name of the company or person, 1 to 200 characters.")
    street: str | None = may_stay("Street and number, 1 to 200 characters.")
    postcode: str | None = may_stay(
        "1 to 200 characters. Null for none; countries whose addresses need one answer BAD_USER_INPUT."
    )
    city: str | None = may_stay("1 to 200 characters.")
    country: str | None = may_stay("The country's ISO 3166-1 code of two letters, such as DE.")
    vat_id: str | None = may_stay(
        "The VAT number with its country's code, such as DE123456789; only its form is checked. Null for "
        "none."
    )
    email: str | None = may_stay(
        "The electronic address in the invoice's XML. No mail is sent to it. Null for none."
    )


@entity(None, carries={"account_id": Uuid()})
class BillingPayload(Payload):
    """An account and its billing settings."""

    account: AccountRef | None = to_one(accounts.of_result)


@strawberry.type
class BillingMutation:
    @mutation(needs(Permission.INVOICES_WRITE))
    async def billing_mode_update(
        self, session: WriteSession, principal: Principal, input: BillingModeUpdateInput
    ) -> BillingPayload:
        """Give a subaccount its own invoices, or put it on those of the nearest account above that has its
        own. You also need the permission there. The mode at the end of a billing cycle applies to the whole
        cycle."""
        command = writes.BillingModeUpdate(
            account_id=account_id(input.account_id), expected_version=input.expected_version, mode=input.mode
        )
        done = await writes.change_billing_mode(session, principal, command)
        return payload(BillingPayload, account_id=done.account_id)

    @mutation(needs(Permission.INVOICES_WRITE))
    async def billing_details_update(
        self, session: WriteSession, principal: Principal, input: BillingDetailsUpdateInput
    ) -> BillingPayload:
        """Set the name and address for invoices issued from now on. Without them, invoices show the account's
        name and the issuer's country."""
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
