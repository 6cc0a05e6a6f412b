"""What platform staff see: themselves, one account at a time, and what waits for them (R88).

The rows come from stored functions that look past row level security, see `authz.wall.staff_door`.
"""

import uuid
from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, select

from authz.reach.reach import PRINCIPAL
from authz.wall import staff_door as staff_functions
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.base.ids import Kind
from models.staff.subaccounts_requests import subaccounts_requests
from models.staff.tables import staff
from resolvers.inputs.global_ids import Id, of_kind

OLDEST_REQUEST_FIRST = Order("staff.requests", (subaccounts_requests.c.id,))
"""Oldest first."""


def current(root: FromClause) -> Select[Any]:
    """The caller as a member of the platform's staff; null for everybody else."""
    return select(staff.c.user_id, staff.c.role).join(PRINCIPAL, PRINCIPAL.c.user_id == staff.c.user_id)


def account(
    staff_member: FromClause, id: Annotated[Id, of_kind(Kind.ACCOUNT), Described("The account's id.")]
) -> Select[Any]:
    """An account of any customer, with what overrides need, but without its people and content."""
    return select(*staff_functions.seen_account(id).c)


def requests(staff_member: FromClause) -> Select[Any]:
    """Pending requests for subaccounts, oldest first. `overrideCreate` grants one,
    `subaccountsRequestDecline` declines it."""
    return select(*staff_functions.seen_requests().c)


def waiting(staff_member: FromClause) -> Select[Any]:
    """Overrides that wait for approval by a second person, newest first."""
    return select(*staff_functions.seen_waiting().c)


def overrides_of(account: FromClause) -> Select[Any]:
    """All overrides of the account, newest first."""
    return select(*staff_functions.seen_overrides(account.c.id).c)


def member_id_of(override: FromClause) -> ColumnElement[uuid.UUID]:
    """For USER_RIGHTS, the member whose rights are limited; null for other kinds, and if the person is no
    longer a member."""
    return override.c.membership_id


def account_of_result(result: FromClause) -> Select[Any]:
    """The account, as staff see it."""
    return select(*staff_functions.seen_account(result.c.account_id).c)


def override_of_result(result: FromClause) -> Select[Any]:
    """The override after the change."""
    seen = staff_functions.seen_overrides(result.c.account_id)
    return select(*seen.c).where(seen.c.id == result.c.override_id)
