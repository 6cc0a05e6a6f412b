"""Enums of the area, as GraphQL shows them."""

from models.settings.tables import SettingName
from resolvers.settings.reads import SettingOrigin
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        SettingName,
        {
            "TIME_ZONE": "The time zone of quiet hours, and of the times when campaigns start.",
            "DEFAULT_COUNTRY": "The country of phone numbers without a country code.",
            "LANGUAGE": "The language of messages.",
            "SENDER_NAME": "The name that messages come from.",
            "SENDER_ADDRESS": "The e-mail address that messages come from.",
            "UNSUBSCRIBE_PAGE": "The page for unsubscribing.",
            "CAMPAIGN_APPROVAL": "Who has to agree that a campaign is sent.",
            "BOUNCE_LIMITS": "How many soft bounces exclude a recipient.",
            "QUIET_HOURS": "The hours of the day in which nothing is sent.",
            "FIELD_FUNCTIONS": "Named texts for use in messages.",
        },
    ),
    EnumDescription(
        SettingOrigin,
        {
            "OWN": "The account has set it itself.",
            "INHERITED": "An account above has set it.",
            "COPIED": "It was copied from another account, and not changed here since.",
            "PLATFORM": "Nobody has set it: the platform's own value, or none.",
        },
    ),
)
