"""Requests for subaccounts, as the requesting account sees them."""

import enum
from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, case

from authz.policy.permissions import Permission
from engine.declare.paging import Order
from models.base.ids import Kind
from models.staff.subaccounts_requests import subaccounts_requests
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import row_by_id, rows_of


class SubaccountsRequestStatus(enum.Enum):
    """The status of a request for subaccounts."""

    OPEN = "OPEN"
    GRANTED = "GRANTED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"


BY_ID = Order("subaccounts_requests", (subaccounts_requests.c.id,), descending=True)
"""Newest first."""


def of_account(account: FromClause) -> Select[Any]:
    """Requests to platform support to unlock subaccounts, newest first."""
    return rows_of(subaccounts_requests, account, account_id="id")


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.SUBACCOUNTS_REQUEST)]) -> Select[Any]:
    """A request of an account whose subaccounts the viewer may see."""
    return row_by_id(subaccounts_requests, id, Permission.SUBACCOUNTS_READ)


def of_result(result: FromClause) -> Select[Any]:
    """The request."""
    return row_by_id(subaccounts_requests, result.c.request_id, Permission.SUBACCOUNTS_READ)


def status_of(request: FromClause) -> ColumnElement[str]:
    """The status of the request."""
    return case(
        (request.c.override_id.is_not(None), SubaccountsRequestStatus.GRANTED.value),
        (request.c.decline_reason.is_not(None), SubaccountsRequestStatus.DECLINED.value),
        (request.c.withdrawn_at.is_not(None), SubaccountsRequestStatus.WITHDRAWN.value),
        else_=SubaccountsRequestStatus.OPEN.value,
    )
