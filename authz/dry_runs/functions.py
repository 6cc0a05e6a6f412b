"""Stored functions that tell who gained and lost which permissions by a change, in the transaction that makes
it. They compare what dry runs compare, but in one trip and without trying the change first."""

from typing import Any

from sqlalchemy import ARRAY, Uuid, literal_column
from sqlalchemy.types import TypeEngine

from authz.dry_runs.snapshot import MOST_CELLS, grants_in, grants_of_named, limits_in
from authz.reach.everybody import access_of
from engine.compiled.sql_text import prepared
from models.base.stored_functions import functions_in

MOST_SHOWN = 100
"""Changes of permissions that an event names."""
_MOST_HOLDERS = 500
_MOST_PLACES = 500
"""Holders times accounts in which their rights are compared. It is more than what is shown."""
_MOST_LIMITED = 50
"""Accounts in which everybody's rights are compared."""

_IDS: TypeEngine[Any] = ARRAY(Uuid)
_CHANGED = literal_column("changed_accounts", _IDS)
_ACCOUNTS = literal_column("asked_accounts", _IDS)
_HOLDERS = literal_column("asked_people", _IDS), literal_column("asked_keys", _IDS)
_OF_HOLDERS = access_of(_ACCOUNTS, *_HOLDERS)

FUNCTIONS = functions_in(
    __package__,
    "access_changes",
    limits=prepared(limits_in(_CHANGED)).sql,
    grants=prepared(grants_in(_CHANGED)).sql,
    grants_of_named=prepared(grants_of_named(*_HOLDERS, _CHANGED)).sql,
    of_holders=prepared(_OF_HOLDERS).sql,
    of_accounts=prepared(access_of(literal_column("limited", _IDS))).sql,
    most=MOST_CELLS,
    places=_MOST_PLACES,
    shown=MOST_SHOWN,
    holders=_MOST_HOLDERS,
    limited=_MOST_LIMITED,
)
