"""Enums of the area, as GraphQL shows them."""

from models.campaigns.tables import CampaignStatus
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        CampaignStatus,
        {
            "DRAFT": "It can be changed, and sent.",
            "AWAITING_APPROVAL": "It is sent when another person approves it.",
            "SCHEDULED": "It starts at `startsAt`. Nothing is counted or paid yet.",
            "SENDING": "It is counted and paid. Its messages are written, and handed over.",
            "PAUSED": "Nothing of it is handed over until somebody goes on with it.",
            "SENT": "All of its messages are settled.",
            "CANCELED": "Somebody ended it. What had been handed over before stays so.",
            "FAILED": "It was refused at its time: nothing was sent or paid. It can be changed and sent "
            "again.",
        },
    ),
)
