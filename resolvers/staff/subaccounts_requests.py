"""Requests for subaccounts as those who make them see them. What makes and answers one is in
`subaccounts_request_changes`."""

import enum
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, case, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.staff.subaccounts_requests import subaccounts_requests
from resolvers.inputs.global_ids import SubaccountsRequestIdArgument


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
    request = subaccounts_requests.alias()
    return select(*request.c).where(in_tree(request, account, account_id="id"))


def by_id(root: FromClause, id: SubaccountsRequestIdArgument) -> Select[Any]:
    """A request of an account whose subaccounts the viewer may see."""
    request = subaccounts_requests.alias()
    return select(*request.c).where(request.c.id == id, account_where(request, Permission.SUBACCOUNTS_READ))


def of_result(result: FromClause) -> Select[Any]:
    """The request."""
    request = subaccounts_requests.alias()
    return select(*request.c).where(
        request.c.id == result.c.request_id, account_where(request, Permission.SUBACCOUNTS_READ)
    )


def status_of(request: FromClause) -> ColumnElement[str]:
    """The status of the request."""
    return case(
        (request.c.override_id.is_not(None), SubaccountsRequestStatus.GRANTED.value),
        (request.c.decline_reason.is_not(None), SubaccountsRequestStatus.DECLINED.value),
        (request.c.withdrawn_at.is_not(None), SubaccountsRequestStatus.WITHDRAWN.value),
        else_=SubaccountsRequestStatus.OPEN.value,
    )
