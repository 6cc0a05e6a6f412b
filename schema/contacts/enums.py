"""Enums of the area, as GraphQL shows them."""

from models.contacts.jobs import ContactJobKind, ContactJobStatus
from models.contacts.tables import AttributeType
from resolvers.contacts.statuses import ContactStatus
from resolvers.contacts.upsert import ContactOutcome
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        ContactJobKind,
        {
            "IMPORT": "It imports contacts from a file.",
            "LIST_DELETION": "It removes the contacts from a deleted list; they stay in the account.",
            "ATTRIBUTE_DELETION": "It removes the values of a deleted attribute from all contacts. Nobody "
            "sees them meanwhile.",
            "CONTACTS_DELETION": "It deletes the contacts of a closed account, with lists and attributes, "
            "and its templates, 30 days after the closing.",
        },
        name="JobKind",
    ),
    EnumDescription(
        ContactJobStatus,
        {
            "UPLOADING": "The file is still coming.",
            "WAITING": "It waits for a worker.",
            "RUNNING": "A worker does it.",
            "DONE": "All of it is done.",
            "FAILED": "It could not go on; `failure` says why. What was done before stays.",
            "CANCELLED": "Somebody cancelled it. What was done before stays.",
        },
        name="JobStatus",
    ),
    EnumDescription(
        AttributeType,
        {
            "TEXT": "A text of 1 to 1,000 characters.",
            "NUMBER": "A number between -10^15 and 10^15.",
            "DATE": "A day, as 2026-03-31.",
            "BOOLEAN": "True or false.",
        },
        name="ContactAttributeType",
    ),
    EnumDescription(
        ContactStatus,
        {
            "UNSUBSCRIBED": "It has unsubscribed from the account or from one of its lists.",
            "BOUNCED": "It is excluded because messages bounced.",
            "SUBSCRIBED": "Neither of both.",
        },
    ),
    EnumDescription(
        ContactOutcome,
        {
            "CREATED": "The account did not have it before.",
            "UPDATED": "The account had it, and something of it or its lists changed.",
            "UNCHANGED": "The account had it with these values.",
            "REFUSED": "Nothing was changed; `userErrors` says why.",
        },
    ),
)
