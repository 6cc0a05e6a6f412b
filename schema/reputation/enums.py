"""Enums of the area, as GraphQL shows them."""

from models.reputation.tables import CustomerState, PlatformState, StateReason
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        CustomerState,
        {"ACTIVE": "The account lets it send.", "PAUSED": "The account has paused it."},
        name="CustomerSendingState",
    ),
    EnumDescription(
        PlatformState,
        {
            "ACTIVE": "Little comes back.",
            "WARNED": "It sends, but so much comes back that it will be paused if more does.",
            "PAUSED": "It sends nothing. `reason` says why, `coolDownUntil` until when.",
            "TRIAL": "It was paused and is tried again: up to 100 sends an hour. 100 of them with little "
            "coming back, over at least an hour, make it ACTIVE.",
        },
        name="PlatformSendingState",
    ),
    EnumDescription(
        StateReason,
        {
            "BOUNCE_RATE": "Too many messages bounced for good.",
            "COMPLAINT_RATE": "Too many recipients complained of spam.",
            "STAFF": "Platform support decided it, and only platform support resumes it.",
        },
        name="SendingStateReason",
    ),
)
