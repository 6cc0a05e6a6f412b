"""Accounts, as their viewers see them. `resolvers.accounts.change` changes them."""

import enum
from typing import Annotated, Any

from sqlalchemy import ARRAY, ColumnElement, FromClause, Select, Uuid, any_, case, func, select

from authz.policy.permissions import Permission, allows
from authz.reach.first_page import first_readable_accounts
from authz.reach.reach import GRANTS, readable_account, readable_accounts
from authz.reach.status import effective_status, status_mask
from engine.base.once import once
from engine.declare.arguments import Described, Folded
from engine.declare.paging import Order, Window
from engine.text.forms import search_key
from models.accounts.tables import AccountKind, AccountStatus, account_closure, accounts
from models.accounts.trees import in_tree
from models.base.ids import Kind
from resolvers.inputs.filters import given_text
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.inputs.text import visible_text
from resolvers.rows.shown import account_behind


class AccountOrder(enum.Enum):
    """The order of a list of accounts."""

    CREATED = "CREATED"
    CREATED_DESC = "CREATED_DESC"
    NAME = "NAME"
    NAME_DESC = "NAME_DESC"


_BY_CREATION = (accounts.c.id,)
_BY_NAME = (accounts.c.sort_key, accounts.c.id)
_ORDERS = {
    AccountOrder.CREATED: Order("accounts.created", _BY_CREATION),
    AccountOrder.CREATED_DESC: Order("accounts.created.desc", _BY_CREATION, descending=True),
    AccountOrder.NAME: Order("accounts.name", _BY_NAME),
    AccountOrder.NAME_DESC: Order("accounts.name.desc", _BY_NAME, descending=True),
}

Search = Annotated[
    ColumnElement[str] | None,
    Described("Part of the name; case and accents are ignored."),
    Folded(search_key),
]

ExternalId = Annotated[
    ColumnElement[str] | None,
    given_text(visible_text, "externalId"),
    Described(
        "The complete external id, with exact case. Closed accounts keep theirs; use `status` to "
        "exclude them."
    ),
]

Status = Annotated[AccountStatus | None, Described("Only accounts with this status.")]
OrderBy = Annotated[AccountOrder, Described("The order of the list.")]


def order(order_by: AccountOrder = AccountOrder.CREATED, **_: object) -> Order:
    """The order that a list's arguments choose."""
    return _ORDERS[order_by]


def of_viewer(
    viewer: FromClause,
    search: Search = None,
    external_id: ExternalId = None,
    kind: Annotated[AccountKind | None, Described("Only master accounts, or only subaccounts.")] = None,
    status: Status = None,
    order_by: OrderBy = AccountOrder.CREATED,
    window: Window | None = None,
) -> Select[Any]:
    """All accounts within your reach: those that you are a member of or your key belongs to, all accounts
    below them, and those shared with you."""
    unfiltered = all(wanted is None for wanted in (search, external_id, kind, status))
    if window is not None and unfiltered and _ORDERS[order_by].columns == _BY_CREATION:
        return first_readable_accounts(window)
    account, statement = readable_accounts() if external_id is None else readable_account()
    if external_id is not None:
        statement = statement.where(_bears(account, external_id, select(GRANTS.c.master_id)))
    return _filtered(account, statement, search, kind, status)


def by_id(
    root: FromClause, id: Annotated[Id, of_kind(Kind.ACCOUNT), Described("The account's id.")]
) -> Select[Any]:
    """An account within your reach. NOT_FOUND if it does not exist or you cannot reach it."""
    account, statement = readable_account()
    return statement.where(account.c.id == id)


def of_result(result: FromClause) -> Select[Any]:
    """The account after the change; null if it is no longer within your reach."""
    account, statement = readable_account()
    return statement.where(account.c.id == result.c.account_id)


def giver_of_result(result: FromClause) -> Select[Any]:
    """The account that gave the credit, after the transfer."""
    account, statement = readable_account()
    return statement.where(account.c.id == result.c.from_id)


def taker_of_result(result: FromClause) -> Select[Any]:
    """The account that received the credit, after the transfer."""
    account, statement = readable_account()
    return statement.where(account.c.id == result.c.to_id)


def parent_of(account: FromClause) -> Select[Any]:
    """The account above; null for a master account, and if it is outside your reach."""
    return account_behind(account, "parent_id")


def master_of(account: FromClause) -> Select[Any]:
    """The root of the tree; null if it is outside your reach."""
    master, statement = readable_account()
    return statement.where(master.c.id == account.c.master_id).limit(1)


def ancestors_of(account: FromClause) -> Select[Any]:
    """The accounts above within your reach, from the root down."""
    ancestor, statement = readable_account()
    path = account_closure.alias()
    above = in_tree(path, ancestor, ancestor_id="id")
    return statement.join(path, above).where(in_tree(path, account, descendant_id="id"), path.c.depth > 0)


def subaccounts_of(
    account: FromClause,
    include_descendants: Annotated[bool, Described("Also list accounts further down.")] = False,
    search: Search = None,
    external_id: ExternalId = None,
    status: Status = None,
    order_by: OrderBy = AccountOrder.CREATED,
) -> Select[Any]:
    """The accounts directly below. Each is a complete account of its own, managed from this one."""
    child, statement = readable_account()
    if include_descendants:
        path = account_closure.alias()
        below = in_tree(path, child, descendant_id="id")
        statement = statement.join(path, below).where(
            in_tree(path, account, ancestor_id="id"), path.c.depth > 0
        )
    else:
        statement = statement.where(in_tree(child, account, parent_id="id"))
    if external_id is not None:
        statement = statement.where(_bears(child, external_id, [account.c.master_id]))
    return _filtered(child, statement, search, None, status)


def kind_of(account: FromClause) -> ColumnElement[str]:
    """Whether it is a master account or a subaccount."""
    return case((account.c.parent_id.is_(None), AccountKind.MASTER.value), else_=AccountKind.SUBACCOUNT.value)


def status_of(account: FromClause) -> ColumnElement[str]:
    """The effective status: the worst status on the path from the root. A suspended or closed account can be
    read, and access to it can be removed; everything else is refused. A suspended account can be resumed or
    closed."""
    return effective_status(account)


def own_status_of(account: FromClause) -> ColumnElement[str]:
    """The account's own status, without the accounts above."""
    return account.c.status


def api_key_creation_of(account: FromClause) -> ColumnElement[str]:
    """Where in the tree API keys are created. Set in the master account, for the whole tree."""
    master = accounts.alias()
    return (
        select(master.c.api_key_creation)
        .where(in_tree(master, account, id="master_id"))
        .correlate(account)
        .scalar_subquery()
    )


def permissions_of(account: FromClause) -> ColumnElement[int]:
    """Your permissions in this account now, after the account's status is applied."""
    return once(account, account.c.mask.op("&")(status_mask(account)))


def can(
    account: FromClause, permission: Annotated[Permission, Described("The permission to check.")]
) -> ColumnElement[bool]:
    """Whether you hold this permission here now."""
    return allows(permissions_of(account), permission)


def _bears(
    account: FromClause, external_id: ColumnElement[str], trees: Select[Any] | list[ColumnElement[Any]]
) -> ColumnElement[bool]:
    """Whether the account is in one of these trees and has the external id. The array makes PostgreSQL look
    the ids up and read nothing else of a large tree."""
    found = accounts.alias()
    named = select(found.c.id).where(found.c.master_id.in_(trees), found.c.external_id == external_id)
    ids = named.correlate_except(found).scalar_subquery()
    return account.c.id == any_(func.array(ids, type_=ARRAY(Uuid)))


def _filtered(
    account: FromClause,
    statement: Select[Any],
    search: ColumnElement[str] | None,
    kind: AccountKind | None,
    status: AccountStatus | None,
) -> Select[Any]:
    if search is not None:
        statement = statement.where(func.strpos(account.c.search_key, search) > 0)
    if kind is not None:
        is_root = account.c.parent_id.is_(None)
        statement = statement.where(is_root if kind is AccountKind.MASTER else ~is_root)
    if status is not None:
        statement = statement.where(effective_status(account) == status.value)
    return statement
