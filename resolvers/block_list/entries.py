"""The ids of block entries, and what is in an entry."""

import uuid
from dataclasses import dataclass

from models.base.ids import AccountId, Kind, parse

_PREFIX = "blck"


@dataclass(frozen=True)
class EntryId:
    """An entry, which is found by its account."""

    account_id: AccountId
    id: uuid.UUID


def present_entry(account_id: uuid.UUID, id: uuid.UUID) -> str:
    """The id as clients see it."""
    return f"{_PREFIX}_{account_id}_{id}"


def parse_entry(text: str) -> EntryId | None:
    """None for a text that is no id of an entry."""
    prefix, _, rest = text.partition("_")
    account, _, entry = rest.partition("_")
    account_id, entry_id = (parse(Kind.ACCOUNT, f"{Kind.ACCOUNT}_{each}") for each in (account, entry))
    if prefix != _PREFIX or account_id is None or entry_id is None:
        return None
    return EntryId(AccountId(account_id), entry_id)
