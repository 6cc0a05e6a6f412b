"""That what is promised can be kept: in this cycle and in every one to come (N10, T18, T22).

What an account promises of its plan's sends is never more than the plan has, nor than a cap above allows, so
that a cycle can begin; and what is left of a promise is never more than what the cycle has left.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, and_, cast, func, literal_column, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import account_closure, accounts
from models.base.ids import AccountId
from models.budgets.tables import BudgetCurrency, budgets
from models.budgets.use import sends_used
from models.plans.tables import plans
from resolvers.access.blockers import blocked, these_accounts
from resolvers.budgets.reads import promised_sends
from resolvers.budgets.send_check import allowance_columns, credit_of, kept_below
from resolvers.plans.reads import next_plan_id_of, plan_id_of, send_limit_of
from resolvers.sending.reads import sends_used_of

_ZERO = literal_column("0", BigInteger)


@dataclass(frozen=True)
class _Cap:
    """A cap of sends, what it has to hold, and whose it is."""

    account_id: AccountId
    cap: int
    promised: int
    """At the beginning of each cycle."""
    kept: int
    used: int

    @property
    def holds(self) -> bool:
        """Whether what is promised fits under it; where nothing is left of a promise, what was used may
        lie above."""
        return self.promised <= self.cap and (not self.kept or self.used + self.kept <= self.cap)


async def check_guarantees(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    currency: BudgetCurrency,
    *,
    raised: bool,
    narrowed: bool,
) -> None:
    """Refuse what was just written where it cannot be kept; the account above is locked.

    `raised`: more is guaranteed to the account than before; `narrowed`: its cap is another. Raises
    GUARANTEE_TOO_LARGE, which names the account that limits it.
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


async def check_plan_keeps(
    session: WriteSession, principal: Principal, account: Authorized, sends: int
) -> None:
    """Refuse a plan with fewer sends than the account has promised to those below. Raises
    GUARANTEE_TOO_LARGE, which names these."""
    own = accounts.alias()
    statement = select(_promised_by(own)).where(_is(own, account))
    if (await session.execute(statement)).scalar_one() > sends:
        message = "More sends are guaranteed to the accounts below than the plan has."
        budget, child, _ = _promises()
        below = and_(child.c.master_id == account.master_id, child.c.parent_id == account.account_id)
        holding = child.join(budget, promised_sends(budget, child))
        promised = select(child.c.id).select_from(holding).where(below)
        ids = [AccountId(found) for found in (await session.execute(promised)).scalars()]
        which, code = these_accounts(account.master_id, ids), RefusalCode.GUARANTEE_TOO_LARGE
        raise await blocked(session, principal, code, which, "planId", message)


async def _check_plan(session: WriteSession, principal: Principal, account: Authorized) -> None:
    sender, holder, plan, following = accounts.alias(), accounts.alias(), plans.alias(), plans.alias()
    above = and_(holder.c.master_id == sender.c.master_id, holder.c.id == sender.c.parent_id)
    allowance = {column.name: column for column in allowance_columns(sender, holder)}
    statement = (
        select(
            holder.c.id.label("holder_id"),
            allowance["sends_promised"].label("own"),
            allowance["sends_kept"].label("kept"),
            send_limit_of(holder).label("send_limit"),
            sends_used_of(holder).label("used"),
            _promised_by(holder).label("promised"),
            func.least(plan.c.sends, following.c.sends).label("sends"),
        )
        .select_from(
            sender.join(holder, above)
            .join(plan, plan.c.id == plan_id_of(holder))
            .outerjoin(following, following.c.id == next_plan_id_of(holder))
        )
        .where(_is(sender, account))
    )
    row = (await session.execute(statement)).one()
    if row.promised > row.sends or (row.own and row.used + row.kept > row.send_limit):
        raise await _limited_by(session, principal, account, row.holder_id)


async def _check_pool(session: WriteSession, principal: Principal, account: Authorized) -> None:
    sender, holder = accounts.alias(), accounts.alias()
    above = and_(holder.c.master_id == sender.c.master_id, holder.c.id == sender.c.parent_id)
    allowance = {column.name: column for column in allowance_columns(sender, holder)}
    columns = (holder.c.id.label("holder_id"), allowance["credit_promised"], allowance["credit_kept"])
    statement = (
        select(*columns, credit_of(sender, holder).label("credit"))
        .select_from(sender.join(holder, above))
        .where(_is(sender, account))
    )
    row = (await session.execute(statement)).one()
    if row.credit_promised and row.credit_kept > row.credit:
        raise await _limited_by(session, principal, account, row.holder_id)


async def _caps(session: WriteSession, account: Authorized) -> list[_Cap]:
    """The caps of sends at the account and above it."""
    path, cap = account_closure.alias(), budgets.alias()
    capped = and_(
        cap.c.master_id == path.c.master_id,
        cap.c.account_id == path.c.ancestor_id,
        cap.c.currency == BudgetCurrency.SENDS.value,
        cap.c.cap.is_not(None),
    )
    statement = (
        select(
            cap.c.account_id,
            cap.c.cap,
            _promised_below(cap).label("promised"),
            kept_below(cap).label("kept"),
            sends_used(cap.c.master_id, cap.c.account_id).label("used"),
        )
        .select_from(path.join(cap, capped))
        .where(path.c.master_id == account.master_id, path.c.descendant_id == account.account_id)
    )
    return [_Cap(**row._mapping) for row in await session.execute(statement)]


def _promised_by(holder: FromClause) -> ColumnElement[int]:
    """What the holder of a plan has promised of a cycle's sends, in all."""
    budget, child, statement = _promises()
    below = and_(child.c.master_id == holder.c.master_id, child.c.parent_id == holder.c.id)
    return statement.where(below).correlate_except(budget, child).scalar_subquery()


def _promised_below(cap: FromClause) -> ColumnElement[int]:
    """What is promised of cycles' sends to accounts from the capped one down."""
    budget, child, statement = _promises()
    below = account_closure.alias()
    from_here = and_(
        below.c.master_id == child.c.master_id,
        below.c.descendant_id == child.c.id,
        below.c.master_id == cap.c.master_id,
        below.c.ancestor_id == cap.c.account_id,
    )
    return statement.where(from_here).correlate_except(budget, child, below).scalar_subquery()


def _promises() -> tuple[FromClause, FromClause, Select[Any]]:
    budget, child = budgets.alias(), accounts.alias()
    total = cast(func.coalesce(func.sum(budget.c.guarantee), _ZERO), BigInteger)
    return budget, child, select(total).select_from(budget.join(child, promised_sends(budget, child)))


def _is(rows: FromClause, account: Authorized) -> ColumnElement[bool]:
    return and_(rows.c.master_id == account.master_id, rows.c.id == account.account_id)
