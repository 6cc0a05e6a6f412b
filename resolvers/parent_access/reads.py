"""Requests to change an account's parent access, as both sides see them."""

from typing import Any

from sqlalchemy import FromClause, Select, func, or_, select

from authz.offers.link_requests import request_stands
from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from models.accounts.tables import accounts
from models.accounts.trees import in_tree
from models.parent_access.requests import parent_access_requests


def request_of(account: FromClause) -> Select[Any]:
    """The pending request of one side to change `parentAccess`. Shown to callers with SETTINGS_READ in this
    account or in the account above."""
    request = parent_access_requests.alias()
    link = select(accounts.c.master_id, accounts.c.id, accounts.c.parent_id.label("account_id")).subquery()
    return (
        select(*request.c)
        .select_from(request)
        .join(link, in_tree(link, request, id="account_id"))
        .where(
            in_tree(request, account, account_id="id"),
            request.c.expires_at > func.now(),
            request_stands(request),
            or_(
                account_where(request, Permission.SETTINGS_READ),
                account_where(link, Permission.SETTINGS_READ),
            ),
        )
        .limit(1)
    )
