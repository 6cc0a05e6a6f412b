"""The stored function that notes which webhooks the events of the log concern."""

from models.base.stored_functions import functions_in
from resolvers.effects.event_types import EventType

_SPAN = 20_000
"""Numbers of transactions whose events are routed at once: few enough for a statement's time."""


def _names() -> str:
    """Types of events as the log stores them, each with its name in the API, as rows in SQL."""
    return "VALUES " + ", ".join(f"('{each.value}', '{each.name}')" for each in EventType)


FUNCTIONS = functions_in(__package__, "route", span=_SPAN, names=_names())
