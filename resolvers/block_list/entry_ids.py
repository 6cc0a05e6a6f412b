"""The global ids of block entries."""

import uuid

from models.base.ids import IdInAccount, parse_in_account, present_in_account

_PREFIX = "blck"


def present_entry(account_id: uuid.UUID, id: uuid.UUID) -> str:
    """The id as clients see it."""
    return present_in_account(_PREFIX, account_id, id)


def parse_entry(text: str) -> IdInAccount | None:
    """None for a text that is no id of an entry."""
    return parse_in_account(_PREFIX, text)


def looks_like_entry(text: str) -> bool:
    """Whether it begins as the ids of entries do."""
    return text.strip().startswith(f"{_PREFIX}_")
