"""Enums of the area, as GraphQL shows them."""

from resolvers.statistics.asked import StatisticDimension
from resolvers.statistics.periods import StatisticInterval
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        StatisticDimension,
        {
            "ACCOUNT": "By account.",
            "LABEL": "By label.",
            "CAMPAIGN": "By campaign.",
            "STREAM": "By stream.",
            "CHANNEL": "By channel.",
            "API_KEY": "By the API key that sent.",
        },
    ),
    EnumDescription(
        StatisticInterval,
        {
            "HOUR": "By the hours of UTC. They are kept for 60 days.",
            "DAY": "By day, in each account's time zone.",
            "MONTH": "By month, in each account's time zone.",
        },
    ),
)
