"""The ids of things in the data plane, which name the account that they are found in."""

import uuid
from dataclasses import dataclass

from models.base.ids import AccountId, Kind, parse


@dataclass(frozen=True)
class FarId:
    """An id in an account."""

    account_id: AccountId
    id: uuid.UUID


def present_far(prefix: str, account_id: uuid.UUID, id: uuid.UUID) -> str:
    """The id as clients see it."""
    return f"{prefix}_{account_id}_{id}"


def parse_far(prefix: str, text: str) -> FarId | None:
    """None for a text that is no id with this prefix."""
    given, _, rest = text.partition("_")
    account, _, found = rest.partition("_")
    account_id, id_ = (parse(Kind.ACCOUNT, f"{Kind.ACCOUNT}_{each}") for each in (account, found))
    if given != prefix or account_id is None or id_ is None:
        return None
    return FarId(AccountId(account_id), id_)
