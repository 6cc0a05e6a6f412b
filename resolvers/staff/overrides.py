"""Overrides by platform staff as the account's people see them, and which of them hold now (R88)."""

import enum
from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, case, exists, func, literal_column, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from engine.base.client_values import text
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.accounts.tables import account_closure
from models.accounts.trees import in_tree
from models.staff.overrides import USUAL_SENDING_DOMAINS, OverrideKind, UnsubscribeScope, overrides
from resolvers.inputs.global_ids import OverrideIdArgument
from resolvers.members.reads import OWN_MEMBERS
from resolvers.rows.shown import account_behind, row_by_id


class OverrideStatus(enum.Enum):
    """The state of an override."""

    WAITING = "WAITING"
    IN_FORCE = "IN_FORCE"
    EXPIRED = "EXPIRED"
    ENDED = "ENDED"


BY_ID = Order("overrides", (overrides.c.id,), descending=True)


def order(**_: object) -> Order:
    """Newest first."""
    return BY_ID


def status_of(override: FromClause) -> ColumnElement[str]:
    """The state of the override now."""
    return case(
        (override.c.ended_at.is_not(None), OverrideStatus.ENDED.value),
        (override.c.expires_at <= func.now(), OverrideStatus.EXPIRED.value),
        (override.c.in_force_from.is_(None), OverrideStatus.WAITING.value),
        else_=OverrideStatus.IN_FORCE.value,
    )


def of_account(
    account: FromClause,
    status: Annotated[OverrideStatus | None, Described("Only those of which this has become.")] = None,
) -> Select[Any]:
    """The settings that platform support made here, each for a reason and until a day; newest first."""
    override = overrides.alias()
    statement = select(*override.c).where(in_tree(override, account, account_id="id"))
    return statement if status is None else statement.where(status_of(override) == status.value)


def by_id(root: FromClause, id: OverrideIdArgument) -> Select[Any]:
    """An override of an account whose settings the viewer may see."""
    return row_by_id(overrides, id, Permission.SETTINGS_READ)


def account_of(row: FromClause) -> Select[Any]:
    """The account."""
    return account_behind(row)


def member_of(override: FromClause) -> Select[Any]:
    """The member whose rights USER_RIGHTS limits. Null for other kinds, for viewers who may not see members,
    and once the person is no longer a member."""
    member = OWN_MEMBERS.alias()
    return select(*member.c).where(
        in_tree(member, override, user_id="user_id", account_id="account_id"),
        account_where(member, Permission.MEMBERS_READ),
    )


def permissions_of(override: FromClause) -> ColumnElement[int]:
    """The most permissions that the member's role gives below the account, by USER_RIGHTS. Null for other
    kinds."""
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
    """The scope of an unsubscribe: the whole account, unless platform support switched it."""
    return func.coalesce(
        _value(account, OverrideKind.UNSUBSCRIBE_SCOPE, "unsubscribe_scope"),
        text(UnsubscribeScope.ACCOUNT.value),
    )


def sending_domain_limit_of(account: FromClause) -> ColumnElement[int]:
    """How many sending domains the account may have: one, unless platform support allows more."""
    return func.coalesce(
        _value(account, OverrideKind.SENDING_DOMAINS, "sending_domains"),
        literal_column(str(USUAL_SENDING_DOMAINS)),
    )


def field_functions_of(account: FromClause) -> ColumnElement[bool]:
    """Whether field functions work here. They do, unless platform support switched them off here or above;
    the nearest setting counts."""
    return func.coalesce(
        _value(account, OverrideKind.FIELD_FUNCTIONS, "field_functions"), literal_column("true")
    )


def review_approved_of(account: FromClause) -> ColumnElement[bool]:
    """Whether a sample of the account's recipients passed the quality check that sending waits for.
    Subaccounts need their own check."""
    return exists(in_force(account, OverrideKind.REVIEW_APPROVED).correlate(account))


def _value(account: FromClause, kind: OverrideKind, column: str) -> ColumnElement[Any]:
    found = in_force(account, kind)
    return found.with_only_columns(found.selected_columns[column]).correlate(account).scalar_subquery()
