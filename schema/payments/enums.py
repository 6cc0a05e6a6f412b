"""Enums of the area, as GraphQL shows them."""

from models.payments.tables import TopUpStatus
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        TopUpStatus,
        {
            "PENDING": "The payment provider has not answered yet.",
            "SETTLED": "Paid and posted to the ledger.",
            "DECLINED": "The payment provider declined.",
        },
    ),
)
