"""Enums of the area, as GraphQL shows them."""

from models.billing.invoices import InvoiceKind
from models.billing.tables import BillingMode, Product
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        BillingMode,
        {
            "CONSOLIDATED": "Those of the nearest account above that has its own invoices.",
            "SEPARATE": "Its own.",
        },
    ),
    EnumDescription(
        InvoiceKind,
        {
            "INVOICE": "Asks for payment.",
            "CREDIT_NOTE": "Cancels an invoice completely.",
        },
    ),
    EnumDescription(
        Product,
        {
            "PLAN": "A billing cycle of a plan.",
            "CONTACT_BLOCK": "More contacts, and the sends that come with them.",
            "SENDS_BEYOND": "Sends beyond the plan, already paid from credit.",
        },
    ),
)
