"""Warnings on a dashboard, and the changes that help (R95)."""

import enum
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Text,
    and_,
    case,
    exists,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import array

from authz.policy.permissions import Permission, allows
from models.plans.tables import plans
from resolvers.credit.reads import currency_of
from resolvers.usage.forecast import credit_runs_out_on
from resolvers.usage.reads import is_current


class UsageWarning(enum.Enum):
    """Something in a billing cycle that is used up or will be soon."""

    CONTACTS_NEAR_LIMIT = "CONTACTS_NEAR_LIMIT"
    CONTACT_LIMIT_REACHED = "CONTACT_LIMIT_REACHED"
    SENDS_NEAR_LIMIT = "SENDS_NEAR_LIMIT"
    SEND_LIMIT_REACHED = "SEND_LIMIT_REACHED"
    BEYOND_PLAN = "BEYOND_PLAN"
    SEND_CAP_REACHED = "SEND_CAP_REACHED"
    CREDIT_LOW = "CREDIT_LOW"
    CREDIT_USED_UP = "CREDIT_USED_UP"


class UsageAction(enum.Enum):
    """A change that helps against a warning."""

    LIMIT_INCREASE = "LIMIT_INCREASE"
    PLAN_CHANGE = "PLAN_CHANGE"
    SEND_BUDGET_UPDATE = "SEND_BUDGET_UPDATE"
    CREDIT_TOP_UP = "CREDIT_TOP_UP"


def warnings_of(usage: FromClause) -> ColumnElement[list[str]]:
    """What is used up or nearly so: four fifths of a limit, or credit that will not last until the cycle
    ends. For a cycle that is over, its final state. Warnings about credit need CREDIT_READ."""
    contacts_full = usage.c.contacts_used >= usage.c.contact_limit
    sends_full = _sends_full(usage)
    priced = usage.c.send_price.is_not(None)
    return _listed(
        {
            UsageWarning.CONTACTS_NEAR_LIMIT: and_(~contacts_full, _contacts_near(usage)),
            UsageWarning.CONTACT_LIMIT_REACHED: contacts_full,
            UsageWarning.SENDS_NEAR_LIMIT: and_(~sends_full, _sends_near(usage)),
            UsageWarning.SEND_LIMIT_REACHED: and_(sends_full, ~priced),
            UsageWarning.BEYOND_PLAN: and_(sends_full, priced),
            UsageWarning.SEND_CAP_REACHED: _cap_reached(usage),
            UsageWarning.CREDIT_LOW: and_(_credit_low(usage), ~_credit_used_up(usage)),
            UsageWarning.CREDIT_USED_UP: _credit_used_up(usage),
        }
    )


def actions_of(usage: FromClause) -> ColumnElement[list[str]]:
    """Changes that would help against the warnings, whoever may make them: more contacts and sends if the
    plan sells them, a larger plan if there is one, a higher cap, more credit. Empty if the cycle is over."""
    near = _contacts_near(usage) | _sends_near(usage) | _sends_full(usage)
    return _listed(
        {
            UsageAction.LIMIT_INCREASE: and_(is_current(usage), near, _sells_blocks(usage)),
            UsageAction.PLAN_CHANGE: and_(is_current(usage), near, _has_larger_plan(usage)),
            UsageAction.SEND_BUDGET_UPDATE: _cap_reached(usage),
            UsageAction.CREDIT_TOP_UP: _credit_low(usage),
        }
    )


def _listed(conditions: Mapping[Any, ColumnElement[bool]]) -> ColumnElement[list[str]]:
    """The values of the members whose condition holds, in order."""
    texts = [
        case((condition, literal_column(f"'{member.value}'", Text)))
        for member, condition in conditions.items()
    ]
    return func.array_remove(array(texts), literal_column("NULL"), type_=ARRAY(Text))


def _contacts_near(usage: FromClause) -> ColumnElement[bool]:
    return _is_near(usage.c.contacts_used, usage.c.contact_limit)


def _sends_near(usage: FromClause) -> ColumnElement[bool]:
    return _is_near(usage.c.sends_used, usage.c.send_limit)


def _sends_full(usage: FromClause) -> ColumnElement[bool]:
    """In the current cycle: nothing is left for this account."""
    left = func.coalesce(usage.c.sends_left, usage.c.send_limit - usage.c.sends_used)
    return left <= literal_column("0")


def _is_near(used: ColumnElement[int], limit: ColumnElement[int]) -> ColumnElement[bool]:
    """Four fifths are used."""
    return used * literal_column("5", BigInteger) >= limit * literal_column("4", BigInteger)


def _cap_reached(usage: FromClause) -> ColumnElement[bool]:
    return usage.c.cap_left <= literal_column("0")


def _credit_low(usage: FromClause) -> ColumnElement[bool]:
    seen = allows(usage.c.mask, Permission.CREDIT_READ)
    return and_(is_current(usage), seen, credit_runs_out_on(usage).is_not(None))


def _credit_used_up(usage: FromClause) -> ColumnElement[bool]:
    """Not one more send can be paid."""
    return and_(_credit_low(usage), _sends_full(usage), usage.c.credit < usage.c.send_price)


def _sells_blocks(usage: FromClause) -> ColumnElement[bool]:
    plan = plans.alias()
    sold = plan.c.block_price.is_not(None)
    return exists(select(plan.c.id).where(plan.c.id == usage.c.plan_id, sold).correlate_except(plan))


def _has_larger_plan(usage: FromClause) -> ColumnElement[bool]:
    present, larger = plans.alias(), plans.alias()
    more = and_(
        larger.c.currency == currency_of(usage),
        larger.c.active_contacts > present.c.active_contacts,
        larger.c.sends > present.c.sends,
    )
    found = select(larger.c.id).select_from(present.join(larger, more))
    return exists(found.where(present.c.id == usage.c.plan_id).correlate_except(present, larger))
