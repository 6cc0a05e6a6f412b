"""Enums of the area, as GraphQL shows them."""

from models.suppressions.tables import BounceKind
from resolvers.suppressions.bounce import BounceOutcome
from resolvers.suppressions.resubscribe import ResubscribeOutcome
from resolvers.suppressions.unsubscribe import UnsubscribeOutcome
from schema.fields.enum_publishing import EnumDescription

_MALFORMED = "It has no address, or no moment that has passed."

ENUMS = (
    EnumDescription(
        BounceKind,
        {
            "HARD": "The address does not exist, or never accepts messages. It is excluded at once.",
            "SOFT": "The message could not be delivered this time, for example to a full mailbox. So many of "
            "them exclude the address as the account's setting `bounceLimits` says.",
        },
    ),
    EnumDescription(
        BounceOutcome,
        {
            "RECORDED": "It was recorded. The address can still be sent to.",
            "EXCLUDED": "It was recorded, and the account does not send to the address any more.",
            "ALREADY_KNOWN": "It was reported before, or the address was excluded before.",
            "MALFORMED": _MALFORMED,
        },
    ),
    EnumDescription(
        UnsubscribeOutcome,
        {
            "RECORDED": "It was recorded.",
            "ALREADY_UNSUBSCRIBED": "The recipient had unsubscribed before. Nothing was changed.",
            "RESUBSCRIBED_SINCE": "The recipient has subscribed again after it. Nothing was changed.",
            "NO_SUCH_LIST": "The account has no such contact list. Nothing was changed.",
            "MALFORMED": _MALFORMED,
        },
    ),
    EnumDescription(
        ResubscribeOutcome,
        {
            "RESUBSCRIBED": "The unsubscribe was lifted. A block list, or bounces, may still exclude the "
            "address.",
            "NOT_UNSUBSCRIBED": "There was none.",
            "STILL_UNSUBSCRIBED": "The recipient has unsubscribed from the whole account, which a "
            "re-subscription to one list does not lift.",
        },
    ),
)
