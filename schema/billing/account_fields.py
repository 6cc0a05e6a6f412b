"""Who is invoiced for an account, and its invoices."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of
from engine.declare.connections import Connection
from engine.declare.declarations import computed, connection, to_one
from models.billing.tables import BillingMode
from resolvers.billing import cost_report as costs
from resolvers.billing import invoiced_account as billing
from resolvers.billing import invoices
from schema.billing.types import AccountCost, BillingDetails, Invoice
from schema.fields.references import AccountRef


@strawberry.type
class AccountFields:
    billing_mode: BillingMode | None = computed(
        billing.mode_of, codec=enum_of(BillingMode), requires=Permission.INVOICES_READ
    )
    invoiced_account: AccountRef | None = to_one(
        billing.invoiced_account_of, requires=Permission.INVOICES_READ
    )
    billing_details: BillingDetails | None = to_one(billing.details_of, requires=Permission.INVOICES_READ)
    invoices: Connection[Invoice] | None = connection(
        invoices.of_account, order=invoices.BY_ID, requires=Permission.INVOICES_READ
    )
    costs: Connection[AccountCost] | None = connection(
        costs.of_account, order=costs.BY_ID, requires=Permission.INVOICES_READ
    )
