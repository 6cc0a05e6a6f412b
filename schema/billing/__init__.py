"""Who is invoiced, what is charged, and the invoices."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.billing import invoices
from schema.billing.enums import ENUMS
from schema.billing.mutations import BillingMutation
from schema.billing.queries import InvoiceQuery
from schema.billing.types import Invoice
from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution(
    queries=(InvoiceQuery,),
    mutations=(BillingMutation,),
    look_ups={Kind.INVOICE: LookUp(Invoice, invoices.by_id)},
    enums=ENUMS,
)
