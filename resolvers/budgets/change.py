"""Setting budgets: caps and guarantees of sends and of credit (R28, N10, T18)."""

from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, and_, delete, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize_also
from authz.guards.locks import lock_path
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import columns_of, in_account, this_account
from models.base.ids import AccountId
from models.budgets.tables import BudgetCurrency, budgets
from models.credit.pools import nearest_pool
from models.plans.tables import MOST_IN_A_CYCLE
from resolvers.billing.payers import Payer, authorize_payers
from resolvers.budgets.guarantees import check_guarantees
from resolvers.effects.account_versions import check_version, raise_version
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_account
from resolvers.inputs.amounts import MOST_AT_ONCE
from resolvers.inputs.unchanged import UNCHANGED, Unchanged, new_value
from resolvers.plans.effective_plan import effective_plan_of
from resolvers.rows.stored import stored

PERMISSIONS = {
    BudgetCurrency.SENDS: Permission.PLAN_WRITE,
    BudgetCurrency.CREDIT: Permission.CREDIT_TRANSFER,
}
_MOST = {BudgetCurrency.SENDS: MOST_IN_A_CYCLE, BudgetCurrency.CREDIT: MOST_AT_ONCE}
_EVENTS = {
    BudgetCurrency.SENDS: EventType.SEND_BUDGET_CHANGED,
    BudgetCurrency.CREDIT: EventType.CREDIT_BUDGET_CHANGED,
}


@dataclass(frozen=True)
class Budget:
    """For one cycle, in sends or micro-units. `cap` None: no cap. `guarantee` 0: no guarantee."""

    cap: int | None
    guarantee: int

    def within(self, other: "Budget") -> bool:
        """Whether it guarantees and allows no more than the other."""
        capped = other.cap is None or (self.cap is not None and self.cap <= other.cap)
        return capped and self.guarantee <= other.guarantee


NO_BUDGET = Budget(None, 0)


@dataclass(frozen=True)
class BudgetUpdate:
    """The new values of a subaccount's budget in one currency. `expected_version`: of the account."""

    account_id: AccountId
    expected_version: int
    currency: BudgetCurrency
    cap: int | Unchanged | None = UNCHANGED
    guarantee: int | Unchanged = UNCHANGED


async def update_budget(session: WriteSession, principal: Principal, command: BudgetUpdate) -> Authorized:
    """Set how much a subaccount and all below it may use in a cycle, and how much is guaranteed to them.

    Needs PLAN_WRITE for sends and CREDIT_TRANSFER for credit, in the account and in the one above. An update
    that only lowers is allowed in a suspended account too, so that it does not block a guarantee. A closed
    account has no budgets. Raises PARENT_ACCOUNT_REQUIRED, VersionConflict, GUARANTEE_TOO_LARGE,
    BAD_USER_INPUT; FAILED_PRECONDITION for a master account, for credit of an account with an own balance,
    and for a guarantee of what the account above does not have.
    """
    account, parent = await _authorize(session, principal, command)
    check_version(account, command.expected_version)
    _check_mode(account, command.currency)
    before = await _stored(session, account, command.currency)
    after = Budget(new_value(command.cap, before.cap), new_value(command.guarantee, before.guarantee))
    _check_amounts(after, command.currency)
    if after.guarantee and command.guarantee is not UNCHANGED:
        await _check_holder(session, account, parent, command.currency)
    if account.refused_change is RefusalCode.ACCOUNT_CLOSED or not after.within(before):
        account.check_changeable()
        parent.check_changeable()
    if before == after:
        return account
    await _write(session, account, command.currency, after)
    await raise_version(session, account)
    await check_guarantees(
        session,
        principal,
        account,
        command.currency,
        raised=after.guarantee > before.guarantee,
        narrowed=after.cap is not None and after.cap != before.cap,
    )
    await _log(session, principal, account, command.currency, before, after)
    return account


async def end_budget(
    session: WriteSession, principal: Principal, account: Authorized, currency: BudgetCurrency
) -> bool:
    """Delete a budget of a locked account, which gets an own balance or is closed. Returns whether there was
    one."""
    before = await _stored(session, account, currency)
    if before == NO_BUDGET:
        return False
    await session.send_built(delete(budgets).where(_is(account, currency)))
    await raise_version(session, account)
    await _log(session, principal, account, currency, before, NO_BUDGET)
    return True


def _check_amounts(budget: Budget, currency: BudgetCurrency) -> None:
    most = _MOST[currency]
    for value, field in ((budget.cap, "cap"), (budget.guarantee, "guarantee")):
        if value is not None and not 0 <= value <= most:
            raise Refusal(RefusalCode.BAD_USER_INPUT, f"Must lie between 0 and {most}.", field)
    if budget.cap is not None and budget.guarantee > budget.cap:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "The guarantee is larger than the cap.", "guarantee")


async def _authorize(
    session: WriteSession, principal: Principal, command: BudgetUpdate
) -> tuple[Authorized, Authorized]:
    """The account and the one above. The one above is locked for update: all that draw from the same plan or
    pool are affected, and their reservations wait."""
    permission = PERMISSIONS[command.currency]
    before = await authorize_also(session, principal, command.account_id, permission, WriteKind.TAKES_AWAY)
    parent_id = before.stored.parent_id
    if parent_id is None:
        message = "A master account is limited by its plan and credit alone."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    await lock_path(session, before.master_id, parent_id)
    account = await authorize_also(session, principal, before.account_id, permission, WriteKind.TAKES_AWAY)
    (parent,) = await authorize_payers(
        session, principal, account, permission, [Payer.PARENT], WriteKind.TAKES_AWAY
    )
    return account, parent


def _check_mode(account: Authorized, currency: BudgetCurrency) -> None:
    if currency is BudgetCurrency.CREDIT and account.stored.has_own_balance:
        message = "The account spends its own credit: it draws from no pool that could have a budget."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")


async def _check_holder(
    session: WriteSession, account: Authorized, parent: Authorized, currency: BudgetCurrency
) -> None:
    """Only the account with the plan or pool can guarantee a part of it."""
    if currency is BudgetCurrency.SENDS:
        holder_id = (await effective_plan_of(session, account)).subscriber_id
        message = "A guarantee comes from the plan of the account directly above, which has none of its own."
    else:
        own = this_account(accounts, account)
        holder_id = (await session.execute(select(nearest_pool(accounts)).where(own))).scalar_one()
        message = (
            "A guarantee comes from the credit of the account directly above, which has none of its own."
        )
    if holder_id == account.account_id:
        message = "The account has a plan of its own."
    if holder_id != parent.account_id:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "guarantee")


async def _stored(session: WriteSession, account: Authorized, currency: BudgetCurrency) -> Budget:
    statement = select(budgets.c.cap, budgets.c.guarantee).where(_is(account, currency))
    row = (await session.execute(statement)).one_or_none()
    return NO_BUDGET if row is None else Budget(row.cap, row.guarantee)


async def _write(
    session: WriteSession, account: Authorized, currency: BudgetCurrency, budget: Budget
) -> None:
    if budget == NO_BUDGET:
        await session.send_built(delete(budgets).where(_is(account, currency)))
        return
    key = {**columns_of(account), "currency": currency.value}
    await session.send_built(stored(budgets, key, asdict(budget)))


async def _log(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    currency: BudgetCurrency,
    before: Budget,
    after: Budget,
) -> None:
    change = (_logged(before, currency), _logged(after, currency))
    await record_of_account(session, principal, account, _EVENTS[currency], *change)


def _logged(budget: Budget, currency: BudgetCurrency) -> Change:
    if currency is BudgetCurrency.SENDS:
        return {"cap": budget.cap, "guarantee": budget.guarantee}
    return {"cap": None if budget.cap is None else str(budget.cap), "guarantee": str(budget.guarantee)}


def _is(account: Authorized, currency: BudgetCurrency) -> ColumnElement[bool]:
    return and_(in_account(budgets, account), budgets.c.currency == currency.value)
