"""Enums of the area, as GraphQL shows them."""

from models.webhooks.tables import (
    WebhookDeliveryStatus,
    WebhookPauseReason,
    WebhookProblem,
    WebhookStatus,
)
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        WebhookStatus,
        {
            "ACTIVE": "Events are delivered.",
            "PAUSED": "Nothing is delivered until `webhookResume`, which then delivers what came meanwhile.",
        },
    ),
    EnumDescription(
        WebhookPauseReason,
        {
            "FAILING": "It took nothing for three days.",
            "GONE": "Its server answered 410 (Gone).",
            "KEY_STOPPED": "Its API key does not work any more, or may not read the account's log any more.",
            "ORDERED": "Somebody paused it with `webhookPause`.",
        },
    ),
    EnumDescription(
        WebhookDeliveryStatus,
        {
            "PENDING": "It was not taken yet, and is tried at `nextTryAt`, or once its webhook is resumed.",
            "DELIVERED": "The receiver answered with a status from 200 to 299.",
            "FAILED": "It was tried ten times in three days, a test once. `webhookDeliveryRetry` tries it.",
            "WITHHELD": "Nothing was sent, because the webhook's API key could not read the event any more.",
            "CANCELED": "It waited because of a replay alone, and `webhookReplayCancel` ended that.",
        },
    ),
    EnumDescription(
        WebhookProblem,
        {
            "ADDRESS_NOT_ALLOWED": "The URL, or an address that its name leads to, is not one of the public "
            "Internet.",
            "NAME_NOT_FOUND": "DNS has no address for the URL's name, or gave no answer.",
            "NOT_CONNECTED": "No connection was made, or its certificate is not valid for the name.",
            "NOT_ANSWERED": "The connection ended without an answer, or with one that is not HTTP.",
            "TIMED_OUT": "There was no answer within ten seconds.",
            "REFUSED": "The answer's status was not one from 200 to 299. Redirects are not followed.",
            "DATA_NOT_READ": "Nothing was sent: what the webhook's document asks for could not be read in "
            "five seconds.",
        },
    ),
)
