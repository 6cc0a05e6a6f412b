"""What platform staff are let see and enter, as functions of the database (R88, T36).

Staff are in no tree, so the second wall shows them nothing. These functions run as their owner and let them
by, each for one thing, and only a person who is staff in that very moment: to everybody else they answer as
where there is nothing. They tell an account's name and status, what was overridden in it and what was asked
of staff; no members, no content.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    DateTime,
    FromClause,
    Function,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    bindparam,
    column,
    func,
    make_url,
    null,
)
from sqlalchemy.types import TypeEngine

from authz.callers.principals import DIGEST_NAME
from models.base.stored_functions import Rights, StoredFunction, Volatility

ColumnTypes = Mapping[str, TypeEngine[Any]]

ENTERED: ColumnTypes = {
    "entered_user_id": Uuid(),
    "entered_role": Text(),
    "entered_tree": Uuid(),
    "entered_own": Boolean(),
}
"""Who enters, the tree, and whether that person is a member or a guest of it."""

ACCOUNT: ColumnTypes = {"id": Uuid(), "name": Text(), "status": Text()}
"""What staff see of an account."""

OVERRIDE: ColumnTypes = {
    "id": Uuid(),
    "account_id": Uuid(),
    "account_name": Text(),
    "kind": Text(),
    "unsubscribe_scope": Text(),
    "sending_domains": Integer(),
    "field_functions": Boolean(),
    "membership_id": Uuid(),
    "rights_mask": BigInteger(),
    "reason": Text(),
    "made_by_name": Text(),
    "approved_by_name": Text(),
    "ended_by_name": Text(),
    "created_at": DateTime(timezone=True),
    "in_force_from": DateTime(timezone=True),
    "expires_at": DateTime(timezone=True),
    "ended_at": DateTime(timezone=True),
}
"""What staff see of an override: more than its account does, who of them it was."""

REQUEST: ColumnTypes = {
    "id": Uuid(),
    "account_id": Uuid(),
    "account_name": Text(),
    "reason": Text(),
    "created_at": DateTime(timezone=True),
}
"""What staff see of a request for subaccounts."""

_STAFF = """
BEGIN
  RETURN (
    SELECT staff.user_id FROM sessions JOIN staff ON staff.user_id = sessions.user_id
    WHERE sessions.digest = principal AND sessions.expires_at > now()
  );
END"""

_ENTER = """
BEGIN
  SELECT user_id, role INTO entered_user_id, entered_role
    FROM staff WHERE user_id = mandant_staff(principal) FOR SHARE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT master_id INTO entered_tree FROM accounts WHERE id = account;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  entered_own := EXISTS (
    SELECT FROM memberships WHERE user_id = entered_user_id AND master_id = entered_tree
    UNION ALL SELECT FROM shares WHERE user_id = entered_user_id AND master_id = entered_tree
  );
  PERFORM set_config('mandant.trees', entered_tree::text, true);
  RETURN NEXT;
END"""

_SEE_ACCOUNT = """
#variable_conflict use_column
BEGIN
  IF mandant_staff(principal) IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY
    SELECT accounts.id, accounts.name, (
      SELECT CASE WHEN 'CLOSED' = ANY (array_agg(above.status)) THEN 'CLOSED'
                  WHEN 'SUSPENDED' = ANY (array_agg(above.status)) THEN 'SUSPENDED' ELSE 'ACTIVE' END
      FROM account_closure AS path JOIN accounts AS above
        ON above.master_id = path.master_id AND above.id = path.ancestor_id
      WHERE path.master_id = accounts.master_id AND path.descendant_id = accounts.id
    ) FROM accounts WHERE accounts.id = account;
END"""

_SEE_OVERRIDES = """
#variable_conflict use_column
BEGIN
  IF mandant_staff(principal) IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY
    SELECT overrides.id, overrides.account_id, accounts.name, kind, unsubscribe_scope, sending_domains,
      field_functions, memberships.id, rights_mask, reason, maker.name, approver.name, ender.name,
      overrides.created_at, in_force_from, overrides.expires_at, ended_at
    FROM overrides
    JOIN accounts ON accounts.master_id = overrides.master_id AND accounts.id = overrides.account_id
    JOIN users AS maker ON maker.id = made_by
    LEFT JOIN users AS approver ON approver.id = approved_by
    LEFT JOIN users AS ender ON ender.id = ended_by
    LEFT JOIN memberships ON memberships.master_id = overrides.master_id
      AND memberships.account_id = overrides.account_id AND memberships.user_id = overrides.user_id
    WHERE overrides.account_id = account
      OR account IS NULL AND in_force_from IS NULL AND ended_at IS NULL
        AND overrides.expires_at > now();
END"""

_SEE_REQUESTS = """
#variable_conflict use_column
BEGIN
  IF mandant_staff(principal) IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY
    SELECT request.id, request.account_id, accounts.name, request.reason, request.created_at
    FROM subaccounts_requests AS request
    JOIN accounts ON accounts.master_id = request.master_id AND accounts.id = request.account_id
    WHERE request.answered_at IS NULL AND request.withdrawn_at IS NULL;
END"""


def _head(arguments: str, types: ColumnTypes) -> str:
    columns = ", ".join(f"{name} {type_.compile(_POSTGRESQL)}" for name, type_ in types.items())
    return f"({arguments}) RETURNS TABLE ({columns})"


_POSTGRESQL = make_url("postgresql+asyncpg://").get_dialect()()
_OF_ACCOUNT = "principal bytea, account uuid"


def _seeing(head: str, body: str) -> StoredFunction:
    return StoredFunction(head, body, Volatility.STABLE, Rights.OWNER)


FUNCTIONS = (
    _seeing("mandant_staff(principal bytea) RETURNS uuid", _STAFF),
    StoredFunction(f"mandant_enter_as_staff{_head(_OF_ACCOUNT, ENTERED)}", _ENTER, rights=Rights.OWNER),
    _seeing(f"mandant_staff_account{_head(_OF_ACCOUNT, ACCOUNT)}", _SEE_ACCOUNT),
    _seeing(f"mandant_staff_overrides{_head(_OF_ACCOUNT, OVERRIDE)}", _SEE_OVERRIDES),
    _seeing(f"mandant_staff_requests{_head('principal bytea', REQUEST)}", _SEE_REQUESTS),
)


def entering_as_staff(account_id: ColumnElement[uuid.UUID]) -> FromClause:
    """Shows the rest of the transaction the account's tree and no other, and keeps the person staff until
    the transaction ends. One row; none for who is no staff, and for an account that is not there."""
    return _rows(func.mandant_enter_as_staff(_principal(), account_id), ENTERED)


def seen_account(account_id: ColumnElement[uuid.UUID]) -> FromClause:
    """The account."""
    return _rows(func.mandant_staff_account(_principal(), account_id), ACCOUNT)


def seen_overrides(account_id: ColumnElement[uuid.UUID]) -> FromClause:
    """What was overridden in the account."""
    return _rows(func.mandant_staff_overrides(_principal(), account_id), OVERRIDE)


def seen_waiting() -> FromClause:
    """The overrides of all accounts that wait for approval."""
    return _rows(func.mandant_staff_overrides(_principal(), null().cast(Uuid)), OVERRIDE)


def seen_requests() -> FromClause:
    """The requests of all accounts that wait for an answer."""
    return _rows(func.mandant_staff_requests(_principal()), REQUEST)


def _principal() -> BindParameter[bytes]:
    return bindparam(DIGEST_NAME, type_=LargeBinary, required=True)


def _rows(function: Function[Any], types: ColumnTypes) -> FromClause:
    return function.table_valued(*[column(name, type_) for name, type_ in types.items()])
