"""Enums of the area, as GraphQL shows them."""

from models.billing.invoices import InvoiceKind
from models.billing.tables import BillingMode, Product
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        BillingMode,
        {
            "CONSOLIDATED": "On that of the nearest account above that has invoices of its own (R27).",
            "SEPARATE": "It has its own (R55).",
        },
    ),
    EnumDescription(
        InvoiceKind,
        {
            "INVOICE": "Asks for what is due.",
            "CREDIT_NOTE": "Takes an invoice back, all of it.",
        },
    ),
    EnumDescription(
        Product,
        {
            "PLAN": "A cycle under a plan.",
            "CONTACT_BLOCK": "More contacts, and the sends that come with them (R94).",
            "SENDS_BEYOND": "Sends beyond the plan's, paid from credit before.",
        },
    ),
)
