"""The global ids of block entries."""

import uuid

from resolvers.inputs.far_ids import FarId, parse_far, present_far

_PREFIX = "blck"


def present_entry(account_id: uuid.UUID, id: uuid.UUID) -> str:
    """The id as clients see it."""
    return present_far(_PREFIX, account_id, id)


def parse_entry(text: str) -> FarId | None:
    """None for a text that is no id of an entry."""
    return parse_far(_PREFIX, text)
