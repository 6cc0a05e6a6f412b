"""What plan, budgets and pool leave an account now, and what a send would cost (N10, N11).

A reservation and its preview use the same figures and the same sums.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, and_, cast, func, literal_column, select

from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree
from models.budgets.tables import BudgetCurrency, budgets, kept_credit
from models.budgets.use import credit_used, sends_used
from models.credit.pools import nearest_pool
from models.credit.tables import BalanceKind, ledger_balances
from models.plans.tables import MOST_IN_A_CYCLE
from models.sending.lapsed import is_lapsed
from models.sending.tables import send_cycles, send_reservations
from resolvers.budgets.reads import guarantee_holds, kept_sends

_ZERO = literal_column("0", BigInteger)


@dataclass(frozen=True)
class Allowance:
    """What budgets leave an account: sends of the current cycle, and credit in micro-units.

    `guaranteed`: the rest of the guarantee that the account sends under, its own or that of an account above.
    `kept`: the rest of all guarantees, this one included. `cap_left`: the rest under the narrowest cap at or
    above the account with the guarantee, without the rest of the guarantee; `inner_cap_left`: under the caps
    below that account. None: there is no cap. The rest under a cap may be negative.
    """

    sends_guaranteed: int
    sends_kept: int
    cap_left: int | None
    inner_cap_left: int | None
    credit_guaranteed: int
    credit_kept: int
    credit_cap_left: int | None


NO_BUDGETS = Allowance(0, 0, None, None, 0, 0, None)
"""Where no budget is set."""


@dataclass(frozen=True)
class CycleSends:
    """The sends that a cycle includes, and those that were used. `send_price` None: no sends beyond."""

    send_limit: int
    sends_used: int
    send_price: int | None


@dataclass(frozen=True)
class SendCosts:
    """What a send costs. `price` in micro-units; `unguaranteed`: the part of it that no guarantee covers."""

    sends_left: int
    """The plan's sends that are left for this account. Below zero: sends beyond the plan."""
    beyond: int
    price: int
    unguaranteed: int
    within_sends: bool
    within_cap: bool
    within_credit_cap: bool


def costs_of_sends(cycle_sends: CycleSends, allowance: Allowance, sends: int) -> SendCosts:
    """What so many sends would cost now."""
    inside = min(sends, allowance.sends_guaranteed)
    outside = sends - inside
    free = cycle_sends.send_limit - cycle_sends.sends_used - allowance.sends_kept
    beyond = max(outside - max(free, 0), 0)
    price = beyond * (cycle_sends.send_price or 0)
    countable = cycle_sends.sends_used + sends <= MOST_IN_A_CYCLE
    return SendCosts(
        (max(free, 0) if allowance.sends_guaranteed else free) + allowance.sends_guaranteed - sends,
        beyond,
        price,
        max(price - allowance.credit_guaranteed, 0),
        countable and (not beyond or cycle_sends.send_price is not None),
        _fits(outside, allowance.cap_left) and _fits(sends, allowance.inner_cap_left),
        _fits(price, allowance.credit_cap_left),
    )


def affordable(costs: SendCosts, credit: int, allowance: Allowance) -> bool:
    """Whether so much credit covers the costs and leaves what is guaranteed to others."""
    return costs.price <= credit and _fits(costs.unguaranteed, credit - allowance.credit_kept)


def _fits(amount: int, left: int | None) -> bool:
    return amount == 0 or left is None or amount <= left


def allowance_columns(account: FromClause, subscriber: FromClause) -> list[ColumnElement[Any]]:
    """The columns of Allowance, for an account and the one whose subscription it uses."""
    pool = nearest_pool(account)
    kept = kept_credit(account.c.master_id, pool, subscriber.c.id)
    on_path = kept.c.account_id.in_(_path_of(account))
    credit_kept = cast(func.coalesce(func.sum(kept.c.amount), _ZERO), BigInteger)
    return [
        sends_guaranteed(account, subscriber).label("sends_guaranteed"),
        sends_kept(subscriber).label("sends_kept"),
        _cap_left(account, subscriber, inner=False).label("cap_left"),
        _cap_left(account, subscriber, inner=True).label("inner_cap_left"),
        _scalar(select(credit_kept).select_from(kept).where(on_path), account, subscriber).label(
            "credit_guaranteed"
        ),
        _scalar(select(credit_kept).select_from(kept), account, subscriber).label("credit_kept"),
        _credit_cap_left(account, subscriber, pool).label("credit_cap_left"),
    ]


def credit_of(account: FromClause, subscriber: FromClause) -> ColumnElement[int]:
    """The credit of the account's pool, with what lapsed reservations of the subscription still hold: whoever
    counts in its cycle releases them first."""
    balance, reservation, cycle = ledger_balances.alias(), send_reservations.alias(), send_cycles.alias()
    pool = nearest_pool(account)
    amount = select(balance.c.amount).where(
        in_tree(balance, account),
        balance.c.account_id == pool,
        balance.c.kind == BalanceKind.CREDIT.value,
    )
    lapsed = (
        select(func.coalesce(func.sum(reservation.c.price), _ZERO))
        .join(cycle, in_tree(cycle, reservation, id="cycle_id"))
        .where(
            in_tree(reservation, account),
            reservation.c.payer_id == pool,
            cycle.c.account_id == subscriber.c.id,
            is_lapsed(reservation),
        )
    )
    total = func.coalesce(_scalar(amount, account, subscriber), _ZERO) + _scalar(lapsed, account, subscriber)
    return cast(total, BigInteger)


def caps_left(account: FromClause, subscriber: FromClause) -> ColumnElement[int]:
    """What the caps on the path leave the account, in sends. NULL: there is no cap."""
    guaranteed = sends_guaranteed(account, subscriber)
    outer, inner = (_cap_left(account, subscriber, inner=inner) for inner in (False, True))
    return func.least(outer + guaranteed, inner)


def credit_left(account: FromClause, subscriber: FromClause) -> ColumnElement[int]:
    """What the account can take from its pool: under the caps, and without what is guaranteed to others."""
    pool = nearest_pool(account)
    kept = kept_credit(account.c.master_id, pool, subscriber.c.id)
    mine = kept.c.account_id.in_(_path_of(account))
    for_others = func.coalesce(func.sum(kept.c.amount).filter(~mine), _ZERO)
    kept_for_others = _scalar(select(cast(for_others, BigInteger)).select_from(kept), account, subscriber)
    free = credit_of(account, subscriber) - kept_for_others
    return func.least(free, _credit_cap_left(account, subscriber, pool))


def sends_kept(subscriber: FromClause) -> ColumnElement[int]:
    """The rest of all guarantees of a subscription."""
    _, statement = _guarantees(subscriber)
    return _scalar(statement, subscriber)


def sends_guaranteed(account: FromClause, subscriber: FromClause) -> ColumnElement[int]:
    """The rest of those on the path of one account."""
    child, statement = _guarantees(subscriber)
    return _scalar(statement.where(child.c.id.in_(_path_of(account))), subscriber, account)


def _guarantees(subscriber: FromClause) -> tuple[FromClause, Select[Any]]:
    """Accounts that have one, and the rest of theirs together."""
    budget, child = budgets.alias(), accounts.alias()
    statement = (
        select(cast(func.coalesce(func.sum(kept_sends(budget, child)), _ZERO), BigInteger))
        .select_from(budget.join(child, guarantee_holds(budget, child)))
        .where(in_tree(child, subscriber, parent_id="id"))
    )
    return child, statement


def _cap_left(account: FromClause, subscriber: FromClause, *, inner: bool) -> ColumnElement[int]:
    """The rest under the narrowest cap of sends on the path: below the account that a guarantee may be given
    to, or at and above it."""
    path, cap, up = account_closure.alias(), budgets.alias(), account_closure.alias()
    depth = _scalar(
        select(up.c.depth).where(
            in_tree(up, account, descendant_id="id"), up.c.ancestor_id == subscriber.c.id
        ),
        account,
        subscriber,
    )
    is_inner = path.c.depth < depth - literal_column("1")
    used = sends_used(cap.c.master_id, cap.c.account_id)
    left = cap.c.cap - used - kept_below(cap)
    statement = (
        select(func.min(left))
        .select_from(path.join(cap, _cap_of(cap, path, BudgetCurrency.SENDS)))
        .where(_of_path(path, account), is_inner if inner else ~is_inner)
    )
    return _scalar(statement, account, subscriber)


def kept_below(cap: FromClause) -> ColumnElement[int]:
    """The rest of the guarantees to accounts from the capped one down, in sends."""
    budget, child, below = budgets.alias(), accounts.alias(), account_closure.alias()
    from_here = in_tree(below, child, descendant_id="id")
    kept = func.coalesce(func.sum(kept_sends(budget, child)), _ZERO)
    statement = (
        select(cast(kept, BigInteger))
        .select_from(budget.join(child, guarantee_holds(budget, child)).join(below, from_here))
        .where(in_tree(below, cap, ancestor_id="account_id"))
    )
    return _scalar(statement, cap)


def _credit_cap_left(
    account: FromClause, subscriber: FromClause, pool: ColumnElement[uuid.UUID]
) -> ColumnElement[int]:
    """The rest under the narrowest cap of credit between the account and its pool."""
    path, cap, capped = account_closure.alias(), budgets.alias(), accounts.alias()
    used = credit_used(cap.c.master_id, cap.c.account_id, pool, subscriber.c.id)
    same = in_tree(capped, cap, id="account_id")
    statement = (
        select(func.min(cap.c.cap - used))
        .select_from(path.join(cap, _cap_of(cap, path, BudgetCurrency.CREDIT)).join(capped, same))
        .where(_of_path(path, account), nearest_pool(capped) == pool)
    )
    return _scalar(statement, account, subscriber)


def _cap_of(cap: FromClause, path: FromClause, currency: BudgetCurrency) -> ColumnElement[bool]:
    return and_(
        in_tree(cap, path, account_id="ancestor_id"), cap.c.currency == currency.value, cap.c.cap.is_not(None)
    )


def _of_path(path: FromClause, account: FromClause) -> ColumnElement[bool]:
    return in_tree(path, account, descendant_id="id")


def _path_of(account: FromClause) -> Select[Any]:
    path = account_closure.alias()
    return select(path.c.ancestor_id).where(_of_path(path, account)).correlate(account)


def _scalar(statement: Select[Any], *outside: FromClause) -> ColumnElement[Any]:
    return statement.correlate(*outside).scalar_subquery()
