"""Enums of the area, as GraphQL shows them."""

from models.messages.tables import MessageChannel, MessageStatus
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(MessageChannel, {"EMAIL": "E-mail.", "SMS": "Text messages to phone numbers."}),
    EnumDescription(
        MessageStatus,
        {
            "WAITING": "It waits for its time, or for its turn.",
            "CLAIMED": "It is handed over at this moment.",
            "SENT": "It was handed over to the mail server or the gateway, which accepted it.",
            "FAILED": "It was refused, or could not be handed over for 24 hours. `answer` says why.",
            "EXCLUDED": "Its recipient was blocked, unsubscribed or bounced while it waited. It is not sent. "
            "`answer` says why.",
            "DOUBTFUL": "It was handed over and nobody said what became of it. It may have reached the "
            "recipient. It is not sent again.",
            "CANCELED": "Somebody canceled it while it waited.",
        },
    ),
)
