"""What platform staff have set in an account, as its own people see it, and what holds there now (R88)."""

import enum
from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, exists, func, literal_column, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where, readable_account
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.accounts.tables import account_closure
from models.staff.overrides import USUAL_SENDING_DOMAINS, OverrideKind, UnsubscribeScope, overrides
from resolvers.inputs.global_ids import OverrideIdArgument
from resolvers.members.reads import OWN_MEMBERS


class OverrideStatus(enum.Enum):
    """What has become of an override."""

    WAITING = "WAITING"
    IN_FORCE = "IN_FORCE"
    EXPIRED = "EXPIRED"
    ENDED = "ENDED"


BY_ID = Order("overrides", (overrides.c.id,), descending=True)
"""Newest first."""


def status_of(override: FromClause) -> ColumnElement[str]:
    """What has become of it, by the database's clock."""
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
    """What platform support has set here, each for a reason and until a day; newest first."""
    override = overrides.alias()
    statement = select(*override.c).where(
        override.c.account_id == account.c.id, override.c.master_id == account.c.master_id
    )
    return statement if status is None else statement.where(status_of(override) == status.value)


def by_id(root: FromClause, id: OverrideIdArgument) -> Select[Any]:
    """An override of an account whose settings the viewer may see."""
    override = overrides.alias()
    return select(*override.c).where(override.c.id == id, account_where(override, Permission.SETTINGS_READ))


def account_of(row: FromClause) -> Select[Any]:
    """The account."""
    account, statement = readable_account()
    return statement.where(account.c.id == row.c.account_id, account.c.master_id == row.c.master_id).limit(1)


def member_of(override: FromClause) -> Select[Any]:
    """Whose rights USER_RIGHTS sets; null for other kinds, for who may not see members, and once the person
    is no member any more."""
    member = OWN_MEMBERS.alias()
    return select(*member.c).where(
        member.c.user_id == override.c.user_id,
        member.c.account_id == override.c.account_id,
        member.c.master_id == override.c.master_id,
        account_where(member, Permission.MEMBERS_READ),
    )


def permissions_of(override: FromClause) -> ColumnElement[int]:
    """What the member's role gives below the account at most, by USER_RIGHTS; null for other kinds."""
    return override.c.rights_mask


def in_force(account: FromClause, kind: OverrideKind) -> Select[Any]:
    """The override of this kind that holds in the account now, by the database's clock; at most one row.

    SUBACCOUNTS holds for the whole tree of the master account that has it (R11), FIELD_FUNCTIONS in every
    account below, where none nearer says otherwise (R83); the others in their own account alone (R77, R80,
    R86, T29).
    """
    override, path = overrides.alias(), account_closure.alias()
    above = and_(path.c.master_id == override.c.master_id, path.c.ancestor_id == override.c.account_id)
    statement = (
        select(*override.c)
        .join(path, above)
        .where(
            path.c.descendant_id == account.c.id,
            path.c.master_id == account.c.master_id,
            override.c.kind == literal_column(f"'{kind.value}'"),
            status_of(override) == literal_column(f"'{OverrideStatus.IN_FORCE.value}'"),
        )
        .order_by(path.c.depth)
        .limit(1)
    )
    if kind in _INHERITED:
        return statement
    return statement.where(path.c.depth == literal_column("0"))


_INHERITED = frozenset({OverrideKind.SUBACCOUNTS, OverrideKind.FIELD_FUNCTIONS})


def unsubscribe_scope_of(account: FromClause) -> ColumnElement[str]:
    """What an unsubscribe holds for: the whole account, unless platform support has switched it (R77)."""
    return func.coalesce(
        _value(account, OverrideKind.UNSUBSCRIBE_SCOPE, "unsubscribe_scope"),
        literal_column(f"'{UnsubscribeScope.ACCOUNT.value}'"),
    )


def sending_domain_limit_of(account: FromClause) -> ColumnElement[int]:
    """How many sending domains the account may have: one, unless platform support allows more (R80)."""
    return func.coalesce(
        _value(account, OverrideKind.SENDING_DOMAINS, "sending_domains"),
        literal_column(str(USUAL_SENDING_DOMAINS)),
    )


def field_functions_of(account: FromClause) -> ColumnElement[bool]:
    """Whether field functions work here: they do, unless platform support says otherwise here or in an
    account above, the nearest of which counts (R83)."""
    return func.coalesce(
        _value(account, OverrideKind.FIELD_FUNCTIONS, "field_functions"), literal_column("true")
    )


def review_approved_of(account: FromClause) -> ColumnElement[bool]:
    """Whether a sample of the account's recipients passed the quality check that sending waits for (R85,
    R86). It is not passed down to subaccounts."""
    return exists(in_force(account, OverrideKind.REVIEW_APPROVED).correlate(account))


def _value(account: FromClause, kind: OverrideKind, column: str) -> ColumnElement[Any]:
    found = in_force(account, kind)
    return found.with_only_columns(found.selected_columns[column]).correlate(account).scalar_subquery()
