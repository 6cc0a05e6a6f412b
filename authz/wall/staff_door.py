"""What platform staff may see and enter, by stored functions (R88, T36).

Staff are in no tree, so row level security shows them nothing. These functions run as their owner and bypass
it, each for one purpose, and only for a person who is staff at that moment: to everybody else they answer as
if nothing were there. They show an account's name and status, its overrides, its requests to staff and the
masked samples of its reviews, and what of it sends; no members and no content.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
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
    cast,
    column,
    func,
    literal_column,
    null,
)
from sqlalchemy.types import TypeEngine

from authz.callers.principals import DIGEST_NAME
from engine.declare.paging import Keys, Window

ColumnTypes = Mapping[str, TypeEngine[Any]]

ENTERED: ColumnTypes = {
    "entered_user_id": Uuid(),
    "entered_role": Text(),
    "entered_tree": Uuid(),
    "entered_own": Boolean(),
}
"""Who enters, the tree, and whether that person is a member or guest of the tree."""

ACCOUNT: ColumnTypes = {
    "id": Uuid(),
    "name": Text(),
    "external_id": Text(),
    "status": Text(),
    "search_key": Text(),
}
"""What staff see of an account. `search_key`: the order of lists, byte by byte."""

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
"""What staff see of an override: unlike its account, also who made it."""

REQUEST: ColumnTypes = {
    "id": Uuid(),
    "account_id": Uuid(),
    "account_name": Text(),
    "reason": Text(),
    "created_at": DateTime(timezone=True),
}
"""What staff see of a request for subaccounts."""

REVIEW: ColumnTypes = {
    "id": Uuid(),
    "account_id": Uuid(),
    "account_name": Text(),
    "status": Text(),
    "contacts": BigInteger(),
    "checked_by_name": Text(),
    "approved_by_name": Text(),
    "ended_by_name": Text(),
    "reason": Text(),
    "created_at": DateTime(timezone=True),
    "decided_at": DateTime(timezone=True),
}
"""What staff see of a review: unlike its account, also who decided it."""

SOURCE: ColumnTypes = {
    "stream": Text(),
    "api_key_id": Uuid(),
    "customer_state": Text(),
    "customer_since": DateTime(timezone=True),
    "platform_state": Text(),
    "platform_since": DateTime(timezone=True),
    "reason": Text(),
    "cool_down_until": DateTime(timezone=True),
    "trial_hour_at": DateTime(timezone=True),
    "trial_sends": BigInteger(),
    "sent": BigInteger(),
    "hard_bounces": BigInteger(),
    "complaints": BigInteger(),
    "judged_at": DateTime(timezone=True),
}
"""What staff see of a sending source."""

SAMPLE: ColumnTypes = {
    "ordinal": Integer(),
    "first_letter": Text(),
    "email_domain": Text(),
    "phone_code": Text(),
    "attributes": ARRAY(Text()),
    "source": Text(),
    "added_at": DateTime(timezone=True),
}
"""What staff see of each contact in a review's sample."""


def entering_as_staff(account_id: ColumnElement[uuid.UUID]) -> FromClause:
    """Shows the rest of the transaction the account's tree and no other, and keeps the person staff until the
    transaction ends. One row; none where the caller is no staff or the account does not exist."""
    return _rows(func.mandant_enter_as_staff(_principal(), account_id), ENTERED)


def seen_account(account_id: ColumnElement[uuid.UUID]) -> FromClause:
    """The account as staff see it."""
    return _rows(func.mandant_staff_account(_principal(), account_id), ACCOUNT)


@dataclass(frozen=True)
class Sought:
    """What accounts are found by: each in the form that is stored, or null."""

    account_id: ColumnElement[uuid.UUID]
    owner_address: ColumnElement[str]
    beginning: ColumnElement[str]
    external_id: ColumnElement[str]


MOST_COUNTED = 1_000
"""How many of the accounts that a search finds are counted: each costs 20 to 30 microseconds."""


def seen_accounts(sought: Sought, window: Window | None) -> FromClause:
    """The accounts that a search finds, those of the window alone; None: as many as are counted."""
    nowhere: Keys = (null().cast(Text), null().cast(Uuid))
    most: ColumnElement[int] = literal_column(str(MOST_COUNTED), Integer)
    low, high, backward = nowhere, nowhere, False
    if window is not None:
        low, high = window.after or nowhere, window.before or nowhere
        backward, most = window.backward, cast(window.rows(1), Integer)
    by = (sought.account_id, sought.owner_address, sought.beginning, sought.external_id)
    way = literal_column(str(backward).lower(), Boolean)
    return _rows(func.mandant_staff_accounts(_principal(), *by, *low, *high, way, most), ACCOUNT)


def seen_overrides(account_id: ColumnElement[uuid.UUID]) -> FromClause:
    """The account's overrides."""
    return _rows(func.mandant_staff_overrides(_principal(), account_id), OVERRIDE)


def seen_waiting() -> FromClause:
    """The overrides of all accounts that wait for approval."""
    return _rows(func.mandant_staff_overrides(_principal(), null().cast(Uuid)), OVERRIDE)


def seen_requests() -> FromClause:
    """The requests of all accounts that wait for an answer."""
    return _rows(func.mandant_staff_requests(_principal()), REQUEST)


def seen_reviews(account_id: ColumnElement[uuid.UUID]) -> FromClause:
    """The account's reviews."""
    return _rows(func.mandant_staff_reviews(_principal(), account_id), REVIEW)


def seen_sources(account_id: ColumnElement[uuid.UUID]) -> FromClause:
    """The account's sending sources."""
    return _rows(func.mandant_staff_sources(_principal(), account_id), SOURCE)


def seen_open_reviews() -> FromClause:
    """The reviews of all accounts that wait for a decision."""
    return _rows(func.mandant_staff_reviews(_principal(), null().cast(Uuid)), REVIEW)


def seen_sample(review_id: ColumnElement[uuid.UUID]) -> FromClause:
    """The contacts in a review's sample."""
    return _rows(func.mandant_staff_review_sample(_principal(), review_id), SAMPLE)


def _principal() -> BindParameter[bytes]:
    return bindparam(DIGEST_NAME, type_=LargeBinary, required=True)


def _rows(function: Function[Any], types: ColumnTypes) -> FromClause:
    return function.table_valued(*[column(name, type_) for name, type_ in types.items()])
