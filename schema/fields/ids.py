"""Global ids of inputs, converted for the resolvers. An id of another kind raises NOT_FOUND."""

from collections.abc import Iterable

from models.base.ids import AccountId, Kind, RoleId
from resolvers.inputs.global_ids import required


def account_id(text: str, field: str = "accountId") -> AccountId:
    """The account that the input's field names."""
    return AccountId(required(Kind.ACCOUNT, text, field))


def account_ids(texts: Iterable[str]) -> list[AccountId]:
    """The accounts that an input's `accountIds` names."""
    return [account_id(text, "accountIds") for text in texts]


def role_id(text: str) -> RoleId:
    """The role that an input's `roleId` names."""
    return RoleId(required(Kind.ROLE, text, "roleId"))
