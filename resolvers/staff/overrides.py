"""Overrides by platform staff as the account's people see them, and which of them hold now (R88)."""

import enum
from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, case, func, literal_column, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from engine.base.client_values import text
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.accounts.tables import account_closure
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.staff.overrides import USUAL_SENDING_DOMAINS, OverrideKind, UnsubscribeScope, overrides
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.members.reads import OWN_MEMBERS
from resolvers.rows.shown import account_behind, row_by_id


class OverrideStatus(enum.Enum):
    """The status of an override."""

    WAITING = "WAITING"
    IN_FORCE = "IN_FORCE"
    EXPIRED = "EXPIRED"
    ENDED = "ENDED"


BY_ID = Order("overrides", (overrides.c.id,), descending=True)
"""Newest first."""


def status_of(override: FromClause) -> ColumnElement[str]:
    """The status now, by the database's clock."""
    return case(
        (override.c.ended_at.is_not(None), OverrideStatus.ENDED.value),
        (override.c.expires_at <= func.now(), OverrideStatus.EXPIRED.value),
        (override.c.in_force_from.is_(None), OverrideStatus.WAITING.value),
        else_=OverrideStatus.IN_FORCE.value,
    )


def of_account(
    account: FromClause,
    status: Annotated[OverrideStatus | None, Described("Only those with this status.")] = None,
) -> Select[Any]:
    """Settings that only platform support can make, each with a reason and an end; newest first."""
    override = overrides.alias()
    statement = select(*override.c).where(in_tree(override, account, account_id="id"))
    return statement if status is None else statement.where(status_of(override) == status.value)


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.OVERRIDE)]) -> Select[Any]:
    """An override of an account whose settings the viewer may see."""
    return row_by_id(overrides, id, Permission.SETTINGS_READ)


def account_of(row: FromClause) -> Select[Any]:
    """The account."""
    return account_behind(row)


def member_of(override: FromClause) -> Select[Any]:
    """For USER_RIGHTS, the member whose rights are limited; null for other kinds, if you may not see the
    members, and if the person is no longer a member."""
    member = OWN_MEMBERS.alias()
    return select(*member.c).where(
        in_tree(member, override, user_id="user_id", account_id="account_id"),
        account_where(member, Permission.MEMBERS_READ),
    )


def permissions_of(override: FromClause) -> ColumnElement[int]:
    """For USER_RIGHTS, the most that the member's role gives in the accounts below; null for other kinds."""
    return override.c.rights_mask


def in_force(account: FromClause, kind: OverrideKind) -> Select[Any]:
    """The override of this kind that holds in the account now, by the database's clock; at most one row.

    SUBACCOUNTS holds for the whole tree of its master account. FIELD_FUNCTIONS holds in every account
    below, where no nearer override says otherwise. The others hold in their own account alone (R77,
    R80, R86, T29).
    """
    override, path = overrides.alias(), account_closure.alias()
    above = in_tree(path, override, ancestor_id="account_id")
    statement = (
        select(*override.c)
        .join(path, above)
        .where(
            in_tree(path, account, descendant_id="id"),
            override.c.kind == text(kind.value),
            status_of(override) == text(OverrideStatus.IN_FORCE.value),
        )
        .order_by(path.c.depth)
        .limit(1)
    )
    if kind in _INHERITED:
        return statement
    return statement.where(path.c.depth == literal_column("0"))


_INHERITED = frozenset({OverrideKind.SUBACCOUNTS, OverrideKind.FIELD_FUNCTIONS})


def unsubscribe_scope_of(account: FromClause) -> ColumnElement[str]:
    """What an unsubscribe applies to: the whole account, unless platform support changed it."""
    return func.coalesce(
        _value(account, OverrideKind.UNSUBSCRIBE_SCOPE, "unsubscribe_scope"),
        text(UnsubscribeScope.ACCOUNT.value),
    )


def sending_domain_limit_of(account: FromClause) -> ColumnElement[int]:
    """The number of sending domains that the account may have: 1, unless platform support allows more."""
    return func.coalesce(
        _value(account, OverrideKind.SENDING_DOMAINS, "sending_domains"),
        literal_column(str(USUAL_SENDING_DOMAINS)),
    )


def field_functions_of(account: FromClause) -> ColumnElement[bool]:
    """Whether field functions work here. They do, unless platform support turned them off in this account or
    in one above; the nearest setting applies."""
    return func.coalesce(
        _value(account, OverrideKind.FIELD_FUNCTIONS, "field_functions"), literal_column("true")
    )


def _value(account: FromClause, kind: OverrideKind, column: str) -> ColumnElement[Any]:
    found = in_force(account, kind)
    return found.with_only_columns(found.selected_columns[column]).correlate(account).scalar_subquery()
