"""Who is billed, and what accounts cost."""

from sqlalchemy import BigInteger, DateTime

from authz.policy.permissions import Permission
from engine.declare.connections import Connection
from engine.declare.declarations import column, connection, entity, to_one
from models.accounts.tables import accounts
from models.billing.tables import billing_details
from models.sending.tables import send_reservations
from resolvers.billing import cost_report as costs
from schema.fields.amounts import AMOUNT, MicroAmount
from schema.fields.references import AccountRef


@entity(billing_details, key=("master_id", "account_id"), requires=Permission.INVOICES_READ)
class BillingDetails:
    """How an account is named and addressed on its invoices."""

    name: str = column(description="Of the company or person.")
    street: str = column(description="Street and number.")
    postcode: str | None = column(description="As it is written in the country; null: there is none.")
    city: str = column(description="The city.")
    country: str = column(description="By its ISO 3166-1 code of two letters.")
    vat_id: str | None = column(description="With its country's code, without blanks.")
    email: str | None = column(description="The buyer's electronic address in the XML; no mail is sent.")


@entity(
    send_reservations,
    key=("master_id", "account_id", "label"),
    carries={"sends": BigInteger(), "spent_on_sends": BigInteger()},
    requires=Permission.INVOICES_READ,
)
class LabelCost:
    """What an account sent and spent under a label in a time."""

    label: str = column(description="The team or campaign.")
    sends: int = column(description="How many were committed then; at most 2147483647 are told.")
    spent_on_sends: MicroAmount = column(
        codec=AMOUNT, description="What was spent of credit for those beyond the plan, without VAT."
    )


@entity(
    accounts,
    carries={
        **dict.fromkeys(("sends", "spent_on_sends", "charged"), BigInteger()),
        **dict.fromkeys(("since", "until"), DateTime(timezone=True)),
    },
    requires=Permission.INVOICES_READ,
)
class AccountCost:
    """What an account sent and cost in a time, without what is below it."""

    account: AccountRef | None = to_one(costs.account_of)
    name: str = column(description="The account's.")
    sends: int = column(description="How many were committed then; at most 2147483647 are told.")
    spent_on_sends: MicroAmount = column(
        codec=AMOUNT, description="What was spent of credit for those beyond the plan, without VAT."
    )
    charged: MicroAmount = column(
        codec=AMOUNT,
        description="For plans and contacts, of billing cycles that ended then and are charged, without VAT.",
    )
    labels: Connection[LabelCost] = connection(costs.labels_of, order=costs.label_order)
