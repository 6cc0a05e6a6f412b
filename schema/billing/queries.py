"""The query for one invoice."""

import strawberry

from authz.policy.permissions import Permission
from engine.declare.declarations import to_one
from resolvers.billing import invoices
from schema.billing.types import Invoice
from schema.fields.marks import needs


@strawberry.type
class InvoiceQuery:
    invoice: Invoice | None = to_one(
        invoices.by_id, absent="NOT_FOUND", directives=needs(Permission.INVOICES_READ)
    )
