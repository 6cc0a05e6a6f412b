"""The plans that a new database begins with. A deployment writes its own figures into the table.

`mandant migrate` adds missing plans and changes none: the deployment decides about prices, limits and whether
a plan allows subaccounts.
"""

import enum
import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as upsert

from models.accounts.tables import Currency
from models.plans.tables import plans

_UNIT = 1_000_000
"""Micro-units."""
_SENDS_A_CONTACT = 10
"""R93."""
_PER_EURO = {Currency.SEK: 11, Currency.NOK: 11, Currency.DKK: 7, Currency.PLN: 4}
"""Roughly how many units a euro is, where that is far from one. A price list, not an exchange rate."""
_NAMESPACE = uuid.UUID("706c616e-0000-8000-8000-000000000000").int


@dataclass(frozen=True)
class _Figures:
    """Prices in units of a currency near the euro. `beyond`: for 1000 sends beyond the plan. `block`: for
    one."""

    price: int
    contacts: int
    beyond: int | None = None
    block: int | None = None


class CataloguePlan(enum.Enum):
    """The plans by code, the smallest first."""

    FREE = _Figures(0, 500)
    STARTER = _Figures(19, 2_500, None, 9)
    GROWTH = _Figures(59, 10_000, 2, 19)
    BUSINESS = _Figures(249, 100_000, 1, 99)


DEFAULT_PLAN = CataloguePlan.FREE
"""The plan of a tree that never chose one."""


def plan_id(plan: CataloguePlan, currency: Currency) -> uuid.UUID:
    """The id of a shipped plan, the same in every database."""
    places = list(Currency).index(currency) << 8 | list(CataloguePlan).index(plan)
    return uuid.UUID(int=_NAMESPACE | places)


def synchronize(connection: Connection) -> None:
    """Add plans whose code is missing. Part of `mandant migrate`."""
    rows = [_row(plan, currency) for currency in Currency for plan in CataloguePlan]
    by_code = [plans.c.currency, plans.c.code]
    connection.execute(upsert(plans).values(rows).on_conflict_do_nothing(index_elements=by_code))


def differs(connection: Connection) -> bool:
    """Whether a plan is missing: then `mandant migrate` is due."""
    wanted = {(currency.value, plan.name) for currency in Currency for plan in CataloguePlan}
    there = connection.execute(select(plans.c.currency, plans.c.code))
    return not wanted <= {(row.currency, row.code) for row in there}


def _row(plan: CataloguePlan, currency: Currency) -> dict[str, object]:
    figures = plan.value
    unit = _UNIT * _PER_EURO.get(currency, 1)
    block_contacts = max(figures.contacts // 5, 1)
    return {
        "id": plan_id(plan, currency),
        "code": plan.name,
        "name": plan.name.capitalize(),
        "currency": currency.value,
        "price": figures.price * unit,
        "active_contacts": figures.contacts,
        "sends": figures.contacts * _SENDS_A_CONTACT,
        "send_price": None if figures.beyond is None else figures.beyond * unit // 1000,
        # R10 wants a paid plan for subaccounts, R48 lets anybody make them: the deployment decides per plan.
        "subaccounts_allowed": True,
        "block_contacts": block_contacts,
        "block_sends": block_contacts * _SENDS_A_CONTACT,
        "block_price": None if figures.block is None else figures.block * unit,
    }
