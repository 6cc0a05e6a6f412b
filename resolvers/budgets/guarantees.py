"""Checks that guarantees can be kept, in this cycle and in every later one (N10, T18, T22).

All guarantees of a plan's sends fit into the plan and under each cap above, at the beginning of a cycle; and
what is left of the guarantees fits into what the cycle has left.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, and_, cast, func, literal_column, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree, this_account
from models.base.ids import AccountId
from models.budgets.tables import BudgetCurrency, budgets
from models.budgets.use import sends_used
from models.plans.tables import plans
from resolvers.access.blockers import blocked, these_accounts
from resolvers.budgets.reads import guarantee_holds
from resolvers.budgets.send_check import allowance_columns, credit_of, kept_below
from resolvers.plans.cycle_counts import sends_used_of
from resolvers.plans.reads import next_plan_id_of, plan_id_of, send_limit_of

_ZERO = literal_column("0", BigInteger)


@dataclass(frozen=True)
class _Cap:
    """A cap of sends, its account, and what has to fit under it."""

    account_id: AccountId
    cap: int
    guaranteed: int
    """At the beginning of each cycle."""
    kept: int
    used: int

    @property
    def holds(self) -> bool:
        """Whether the guarantees fit under the cap. Where nothing of them is left, the used sends may exceed
        it."""
        return self.guaranteed <= self.cap and (not self.kept or self.used + self.kept <= self.cap)


async def check_guarantees(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    currency: BudgetCurrency,
    *,
    raised: bool,
    narrowed: bool,
) -> None:
    """Refuse a budget that was just written and cannot be kept. The account above is locked.

    `raised`: the guarantee is larger than before; `narrowed`: the cap changed. Raises GUARANTEE_TOO_LARGE,
    which names the limiting account.
    """
    if currency is BudgetCurrency.SENDS:
        if raised:
            await _check_plan(session, principal, account)
        for cap in await _caps(session, account):
            if not cap.holds and (raised or (narrowed and cap.account_id == account.account_id)):
                field = "guarantee" if raised else "cap"
                raise await _limited_by(session, principal, account, cap.account_id, field)
    elif raised:
        await _check_pool(session, principal, account)


async def _limited_by(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    limiting_id: AccountId,
    field: str = "guarantee",
) -> Refusal:
    which = these_accounts(account.master_id, [limiting_id])
    return await blocked(session, principal, RefusalCode.GUARANTEE_TOO_LARGE, which, field)


async def check_plan_covers_guarantees(
    session: WriteSession, principal: Principal, account: Authorized, sends: int
) -> None:
    """Refuse a plan with fewer sends than the account guarantees to those below. Raises GUARANTEE_TOO_LARGE,
    which names them."""
    own = accounts.alias()
    statement = select(_guaranteed_by(own)).where(this_account(own, account))
    if (await session.execute(statement)).scalar_one() > sends:
        message = "More sends are guaranteed to the accounts below than the plan has."
        budget, child, _ = _guarantees()
        below = and_(child.c.master_id == account.master_id, child.c.parent_id == account.account_id)
        holding = child.join(budget, guarantee_holds(budget, child))
        guaranteed = select(child.c.id).select_from(holding).where(below)
        ids = [AccountId(found) for found in (await session.execute(guaranteed)).scalars()]
        which, code = these_accounts(account.master_id, ids), RefusalCode.GUARANTEE_TOO_LARGE
        raise await blocked(session, principal, code, which, "planId", message)


async def _check_plan(session: WriteSession, principal: Principal, account: Authorized) -> None:
    sender, holder, plan, following = accounts.alias(), accounts.alias(), plans.alias(), plans.alias()
    above = in_tree(holder, sender, id="parent_id")
    allowance = {column.name: column for column in allowance_columns(sender, holder)}
    statement = (
        select(
            holder.c.id.label("holder_id"),
            allowance["sends_guaranteed"].label("own"),
            allowance["sends_kept"].label("kept"),
            send_limit_of(holder).label("send_limit"),
            sends_used_of(holder).label("used"),
            _guaranteed_by(holder).label("guaranteed"),
            func.least(plan.c.sends, following.c.sends).label("sends"),
        )
        .select_from(
            sender.join(holder, above)
            .join(plan, plan.c.id == plan_id_of(holder))
            .outerjoin(following, following.c.id == next_plan_id_of(holder))
        )
        .where(this_account(sender, account))
    )
    row = (await session.execute(statement)).one()
    if row.guaranteed > row.sends or (row.own and row.used + row.kept > row.send_limit):
        raise await _limited_by(session, principal, account, row.holder_id)


async def _check_pool(session: WriteSession, principal: Principal, account: Authorized) -> None:
    sender, holder = accounts.alias(), accounts.alias()
    above = in_tree(holder, sender, id="parent_id")
    allowance = {column.name: column for column in allowance_columns(sender, holder)}
    columns = (holder.c.id.label("holder_id"), allowance["credit_guaranteed"], allowance["credit_kept"])
    statement = (
        select(*columns, credit_of(sender, holder).label("credit"))
        .select_from(sender.join(holder, above))
        .where(this_account(sender, account))
    )
    row = (await session.execute(statement)).one()
    if row.credit_guaranteed and row.credit_kept > row.credit:
        raise await _limited_by(session, principal, account, row.holder_id)


async def _caps(session: WriteSession, account: Authorized) -> list[_Cap]:
    """The caps of sends at the account and above it."""
    path, cap = account_closure.alias(), budgets.alias()
    capped = and_(
        in_tree(cap, path, account_id="ancestor_id"),
        cap.c.currency == BudgetCurrency.SENDS.value,
        cap.c.cap.is_not(None),
    )
    statement = (
        select(
            cap.c.account_id,
            cap.c.cap,
            _guaranteed_below(cap).label("guaranteed"),
            kept_below(cap).label("kept"),
            sends_used(cap.c.master_id, cap.c.account_id).label("used"),
        )
        .select_from(path.join(cap, capped))
        .where(path.c.master_id == account.master_id, path.c.descendant_id == account.account_id)
    )
    return [_Cap(**row._mapping) for row in await session.execute(statement)]


def _guaranteed_by(holder: FromClause) -> ColumnElement[int]:
    """All guarantees of a cycle's sends by the account with the plan."""
    budget, child, statement = _guarantees()
    below = in_tree(child, holder, parent_id="id")
    return statement.where(below).correlate_except(budget, child).scalar_subquery()


def _guaranteed_below(cap: FromClause) -> ColumnElement[int]:
    """All guarantees of sends to accounts from the capped one down."""
    budget, child, statement = _guarantees()
    below = account_closure.alias()
    from_here = and_(in_tree(below, child, descendant_id="id"), in_tree(below, cap, ancestor_id="account_id"))
    return statement.where(from_here).correlate_except(budget, child, below).scalar_subquery()


def _guarantees() -> tuple[FromClause, FromClause, Select[Any]]:
    budget, child = budgets.alias(), accounts.alias()
    total = cast(func.coalesce(func.sum(budget.c.guarantee), _ZERO), BigInteger)
    return budget, child, select(total).select_from(budget.join(child, guarantee_holds(budget, child)))
