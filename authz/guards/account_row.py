"""What the door returns of an account beside the caller's rights: the columns that writes look at."""

from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, ColumnElement, FromClause, Text, Uuid
from sqlalchemy.types import TypeEngine

from engine.database.write_connection import FixedRow
from models.base.ids import AccountId
from models.credit.pools import has_own_balance


class AccountRow(NamedTuple):
    """An account as it is stored when the door returns, behind the lock. Enumerations are their values."""

    version: int
    parent_id: AccountId | None
    name: str
    external_id: str | None
    own_status: str
    """Without what the accounts above make of it."""
    rights_inheritance: str
    api_key_creation: str
    parent_access: str
    credit_mode: str
    currency: str
    """Of a master account: of all amounts in its tree."""
    has_own_balance: bool


COLUMNS: dict[str, TypeEngine[Any]] = {
    "version": BigInteger(),
    "parent_id": Uuid(),
    "name": Text(),
    "external_id": Text(),
    "own_status": Text(),
    "rights_inheritance": Text(),
    "api_key_creation": Text(),
    "parent_access": Text(),
    "credit_mode": Text(),
    "currency": Text(),
    "has_own_balance": Boolean(),
}
"""The types of AccountRow's fields, in their order."""


def written(account: FromClause) -> list[ColumnElement[Any]]:
    """COLUMNS of an account."""
    made: dict[str, ColumnElement[Any]] = {
        "own_status": account.c.status,
        "has_own_balance": has_own_balance(account),
    }
    return [(made[name] if name in made else account.c[name]).label(name) for name in COLUMNS]


def account_row(row: FixedRow) -> AccountRow:
    """The part of the door's row."""
    return AccountRow(*(row[name] for name in COLUMNS))
