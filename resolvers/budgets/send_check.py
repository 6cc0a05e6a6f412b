"""What plan, budgets and pool leave an account at this moment, and what a list would take of it (N10, N11).

A reservation and its preview decide by the same figures and the same sums.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, and_, cast, func, literal_column, select

from models.accounts.tables import account_closure, accounts
from models.budgets.tables import BudgetCurrency, budgets, kept_credit
from models.budgets.use import credit_used, sends_used
from models.credit.pools import nearest_pool
from models.credit.tables import BalanceKind, ledger_balances
from models.plans.tables import MOST_IN_A_CYCLE
from models.sending.lapsed import is_lapsed
from models.sending.tables import send_cycles, send_reservations
from resolvers.budgets.reads import kept_sends, promised_sends

_ZERO = literal_column("0", BigInteger)


@dataclass(frozen=True)
class Allowance:
    """What budgets leave an account: sends of the current cycle, credit in micro-units.

    `promised` is what is left of the guarantee that the account sends under: its own, or that of an account
    above it. `kept` is what is kept free in all, that included. What a cap has left is None where there is no
    cap, and may be negative. `cap_left` is that of the narrowest cap at or above the account with the
    guarantee: what is promised is left free under it already. `inner_cap_left` is the same of those below.
    """

    sends_promised: int
    sends_kept: int
    cap_left: int | None
    inner_cap_left: int | None
    credit_promised: int
    credit_kept: int
    credit_cap_left: int | None


NO_BUDGETS = Allowance(0, 0, None, None, 0, 0, None)
"""Where nobody has said anything."""


@dataclass(frozen=True)
class Standing:
    """The sends that a cycle has and those that were made; a `send_price` None: nothing is sent beyond."""

    send_limit: int
    sends_used: int
    send_price: int | None


@dataclass(frozen=True)
class Bill:
    """What a list takes. Price in micro-units; `unpromised` is the part of it that no guarantee covers."""

    sends_left: int
    """Of the plan's, for this account; below zero: beyond them."""
    beyond: int
    price: int
    unpromised: int
    within_sends: bool
    within_cap: bool
    within_credit_cap: bool


def bill(standing: Standing, allowance: Allowance, sends: int) -> Bill:
    """What so many sends would take now."""
    inside = min(sends, allowance.sends_promised)
    outside = sends - inside
    free = standing.send_limit - standing.sends_used - allowance.sends_kept
    beyond = max(outside - max(free, 0), 0)
    price = beyond * (standing.send_price or 0)
    countable = standing.sends_used + sends <= MOST_IN_A_CYCLE
    return Bill(
        (max(free, 0) if allowance.sends_promised else free) + allowance.sends_promised - sends,
        beyond,
        price,
        max(price - allowance.credit_promised, 0),
        countable and (not beyond or standing.send_price is not None),
        _fits(outside, allowance.cap_left) and _fits(sends, allowance.inner_cap_left),
        _fits(price, allowance.credit_cap_left),
    )


def affordable(costs: Bill, credit: int, allowance: Allowance) -> bool:
    """Whether so much credit pays for it and leaves what is kept for others."""
    return costs.price <= credit and _fits(costs.unpromised, credit - allowance.credit_kept)


def _fits(amount: int, left: int | None) -> bool:
    return amount == 0 or left is None or amount <= left


def allowance_columns(account: FromClause, subscriber: FromClause) -> list[ColumnElement[Any]]:
    """The columns of Allowance, for an account and the one whose subscription it uses."""
    pool = nearest_pool(account)
    kept = kept_credit(account.c.master_id, pool, subscriber.c.id)
    on_path = kept.c.account_id.in_(_path_of(account))
    credit_kept = cast(func.coalesce(func.sum(kept.c.amount), _ZERO), BigInteger)
    return [
        _sends_kept(subscriber, account).label("sends_promised"),
        _sends_kept(subscriber).label("sends_kept"),
        _cap_left(account, subscriber, inner=False).label("cap_left"),
        _cap_left(account, subscriber, inner=True).label("inner_cap_left"),
        _scalar(select(credit_kept).select_from(kept).where(on_path), account, subscriber).label(
            "credit_promised"
        ),
        _scalar(select(credit_kept).select_from(kept), account, subscriber).label("credit_kept"),
        _credit_cap_left(account, subscriber, pool).label("credit_cap_left"),
    ]


def credit_of(account: FromClause, subscriber: FromClause) -> ColumnElement[int]:
    """What the account's pool has to spend, with what lapsed reservations of the subscription still hold of
    it: whoever counts in its cycle gives it back first."""
    balance, reservation, cycle = ledger_balances.alias(), send_reservations.alias(), send_cycles.alias()
    pool = nearest_pool(account)
    amount = select(balance.c.amount).where(
        balance.c.master_id == account.c.master_id,
        balance.c.account_id == pool,
        balance.c.kind == BalanceKind.CREDIT.value,
    )
    lapsed = (
        select(func.coalesce(func.sum(reservation.c.price), _ZERO))
        .join(cycle, and_(cycle.c.master_id == reservation.c.master_id, cycle.c.id == reservation.c.cycle_id))
        .where(
            reservation.c.master_id == account.c.master_id,
            reservation.c.payer_id == pool,
            cycle.c.account_id == subscriber.c.id,
            is_lapsed(reservation),
        )
    )
    total = func.coalesce(_scalar(amount, account, subscriber), _ZERO) + _scalar(lapsed, account, subscriber)
    return cast(total, BigInteger)


def sends_left(account: FromClause, subscriber: FromClause, unused: ColumnElement[int]) -> ColumnElement[int]:
    """Of so many that a plan has left: what is not kept for others, and what is kept for the account."""
    free = func.greatest(unused - _sends_kept(subscriber), _ZERO)
    return free + _sends_kept(subscriber, account)


def caps_left(account: FromClause, subscriber: FromClause) -> ColumnElement[int]:
    """What the caps on the path leave the account, in sends; NULL: there is none."""
    promised = _sends_kept(subscriber, account)
    outer, inner = (_cap_left(account, subscriber, inner=inner) for inner in (False, True))
    return func.least(outer + promised, inner)


def credit_left(account: FromClause, subscriber: FromClause) -> ColumnElement[int]:
    """What the account can take from its pool: within the caps, and without what is kept for others."""
    pool = nearest_pool(account)
    kept = kept_credit(account.c.master_id, pool, subscriber.c.id)
    mine = kept.c.account_id.in_(_path_of(account))
    for_others = func.coalesce(func.sum(kept.c.amount).filter(~mine), _ZERO)
    kept_for_others = _scalar(select(cast(for_others, BigInteger)).select_from(kept), account, subscriber)
    free = credit_of(account, subscriber) - kept_for_others
    return func.least(free, _credit_cap_left(account, subscriber, pool))


def _sends_kept(subscriber: FromClause, on_path_of: FromClause | None = None) -> ColumnElement[int]:
    """What is kept of a subscription's sends: in all, or for the account on one path."""
    budget, child = budgets.alias(), accounts.alias()
    statement = (
        select(cast(func.coalesce(func.sum(kept_sends(budget, child)), _ZERO), BigInteger))
        .select_from(budget.join(child, promised_sends(budget, child)))
        .where(child.c.master_id == subscriber.c.master_id, child.c.parent_id == subscriber.c.id)
    )
    if on_path_of is None:
        return _scalar(statement, subscriber)
    return _scalar(statement.where(child.c.id.in_(_path_of(on_path_of))), subscriber, on_path_of)


def _cap_left(account: FromClause, subscriber: FromClause, *, inner: bool) -> ColumnElement[int]:
    """What the narrowest cap of sends on the path has left: of those below the account that a guarantee may
    be given to, or of the others."""
    path, cap, up = account_closure.alias(), budgets.alias(), account_closure.alias()
    depth = _scalar(
        select(up.c.depth).where(
            up.c.master_id == account.c.master_id,
            up.c.descendant_id == account.c.id,
            up.c.ancestor_id == subscriber.c.id,
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
    """What is kept in sends for accounts from the capped one down."""
    budget, child, below = budgets.alias(), accounts.alias(), account_closure.alias()
    from_here = and_(below.c.master_id == child.c.master_id, below.c.descendant_id == child.c.id)
    kept = func.coalesce(func.sum(kept_sends(budget, child)), _ZERO)
    statement = (
        select(cast(kept, BigInteger))
        .select_from(budget.join(child, promised_sends(budget, child)).join(below, from_here))
        .where(below.c.master_id == cap.c.master_id, below.c.ancestor_id == cap.c.account_id)
    )
    return _scalar(statement, cap)


def _credit_cap_left(
    account: FromClause, subscriber: FromClause, pool: ColumnElement[uuid.UUID]
) -> ColumnElement[int]:
    """What the narrowest cap of credit between the account and its pool has left."""
    path, cap, capped = account_closure.alias(), budgets.alias(), accounts.alias()
    used = credit_used(cap.c.master_id, cap.c.account_id, pool, subscriber.c.id)
    same = and_(capped.c.master_id == cap.c.master_id, capped.c.id == cap.c.account_id)
    statement = (
        select(func.min(cap.c.cap - used))
        .select_from(path.join(cap, _cap_of(cap, path, BudgetCurrency.CREDIT)).join(capped, same))
        .where(_of_path(path, account), nearest_pool(capped) == pool)
    )
    return _scalar(statement, account, subscriber)


def _cap_of(cap: FromClause, path: FromClause, currency: BudgetCurrency) -> ColumnElement[bool]:
    return and_(
        cap.c.master_id == path.c.master_id,
        cap.c.account_id == path.c.ancestor_id,
        cap.c.currency == currency.value,
        cap.c.cap.is_not(None),
    )


def _of_path(path: FromClause, account: FromClause) -> ColumnElement[bool]:
    return and_(path.c.master_id == account.c.master_id, path.c.descendant_id == account.c.id)


def _path_of(account: FromClause) -> Select[Any]:
    path = account_closure.alias()
    return select(path.c.ancestor_id).where(_of_path(path, account)).correlate(account)


def _scalar(statement: Select[Any], *outside: FromClause) -> ColumnElement[Any]:
    return statement.correlate(*outside).scalar_subquery()
