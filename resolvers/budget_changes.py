"""Setting budgets: caps and guarantees of sends and of credit (R28, N10, T18)."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.guard import Authorized, authorize_also, lock_path
from authz.permissions import Permission
from authz.principals import Principal
from authz.refusals import NotFound, PermissionDenied, Refusal, RefusalCode
from engine.write_sessions import WriteSession
from models.accounts import accounts
from models.budgets import BudgetCurrency, budgets
from models.identifiers import AccountId, Kind, present
from models.plans import MOST_IN_A_CYCLE
from resolvers.amounts import MOST_AT_ONCE
from resolvers.budget_guarantees import check_guarantees
from resolvers.credit import has_own_balance, nearest_pool
from resolvers.events import Change, EventKind, record
from resolvers.terms import terms_of

PERMISSIONS = {
    BudgetCurrency.SENDS: Permission.PLAN_WRITE,
    BudgetCurrency.CREDIT: Permission.CREDIT_TRANSFER,
}
_MOST = {BudgetCurrency.SENDS: MOST_IN_A_CYCLE, BudgetCurrency.CREDIT: MOST_AT_ONCE}
_EVENTS = {
    BudgetCurrency.SENDS: EventKind.SEND_BUDGET_CHANGED,
    BudgetCurrency.CREDIT: EventKind.CREDIT_BUDGET_CHANGED,
}


@dataclass(frozen=True)
class Budget:
    """In sends or micro-units, of a cycle. A `cap` None: there is none; a `guarantee` of zero likewise."""

    cap: int | None
    guarantee: int


NO_BUDGET = Budget(None, 0)


@dataclass(frozen=True)
class BudgetUpdate:
    """The whole of a subaccount's budget in one currency."""

    account_id: AccountId
    currency: BudgetCurrency
    budget: Budget


async def update_budget(session: WriteSession, principal: Principal, command: BudgetUpdate) -> Authorized:
    """Say how much a subaccount and all below it may use in a cycle, and how much is kept for them.

    Needs PLAN_WRITE for sends, CREDIT_TRANSFER for credit, in it and in the account above. Raises
    PARENT_ACCOUNT_REQUIRED, GUARANTEE_TOO_LARGE, BAD_USER_INPUT; FAILED_PRECONDITION for a master account,
    for credit of an account that spends its own, and for a guarantee of what is not the account's above.
    """
    _check_amounts(command)
    account, parent = await _authorize(session, principal, command)
    await _check_mode(session, account, command.currency)
    if command.budget.guarantee:
        await _check_holder(session, account, parent, command.currency)
    before = await _stored(session, account, command.currency)
    if before == command.budget:
        return account
    await _write(session, account, command)
    await check_guarantees(
        session,
        account,
        command.currency,
        raised=command.budget.guarantee > before.guarantee,
        narrowed=command.budget.cap is not None and command.budget.cap != before.cap,
    )
    await _log(session, principal, account, command.currency, before, command.budget)
    return account


async def end_budget(
    session: WriteSession, principal: Principal, account: Authorized, currency: BudgetCurrency
) -> bool:
    """Forget a budget of an account that is locked, and spends its own from now on or nothing any more.
    Whether there was one."""
    before = await _stored(session, account, currency)
    if before == NO_BUDGET:
        return False
    await session.execute(delete(budgets).where(_is(account, currency)))
    await _log(session, principal, account, currency, before, NO_BUDGET)
    return True


def _check_amounts(command: BudgetUpdate) -> None:
    most, cap, guarantee = _MOST[command.currency], command.budget.cap, command.budget.guarantee
    for value, field in ((cap, "cap"), (guarantee, "guarantee")):
        if value is not None and not 0 <= value <= most:
            raise Refusal(RefusalCode.BAD_USER_INPUT, f"Must lie between 0 and {most}.", field)
    if cap is not None and guarantee > cap:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "More is guaranteed than may be used.", "guarantee")


async def _authorize(
    session: WriteSession, principal: Principal, command: BudgetUpdate
) -> tuple[Authorized, Authorized]:
    """The account and the one above, which is locked for update: what is said to one below it is about all
    that draw from the same plan or pool, and their reservations wait."""
    permission = PERMISSIONS[command.currency]
    before = await authorize_also(session, principal, command.account_id, permission)
    own = and_(accounts.c.master_id == before.master_id, accounts.c.id == before.account_id)
    parent_id = (await session.execute(select(accounts.c.parent_id).where(own))).scalar_one()
    if parent_id is None:
        message = "A master account's plan and credit are its only limits."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    await lock_path(session, before.master_id, parent_id)
    account = await authorize_also(session, principal, before.account_id, permission)
    try:
        return account, await authorize_also(session, principal, parent_id, permission)
    except (NotFound, PermissionDenied) as refusal:
        raise Refusal(RefusalCode.PARENT_ACCOUNT_REQUIRED) from refusal


async def _check_mode(session: WriteSession, account: Authorized, currency: BudgetCurrency) -> None:
    if currency is not BudgetCurrency.CREDIT:
        return
    own = and_(accounts.c.master_id == account.master_id, accounts.c.id == account.account_id)
    if (await session.execute(select(has_own_balance(accounts)).where(own))).scalar_one():
        message = "The account spends its own credit; there is no pool that it could be limited in."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")


async def _check_holder(
    session: WriteSession, account: Authorized, parent: Authorized, currency: BudgetCurrency
) -> None:
    """Whoever promises a part of a plan or a pool has to have it himself."""
    if currency is BudgetCurrency.SENDS:
        holder_id = (await terms_of(session, account)).subscriber_id
        message = "It is promised from the plan of the account directly above, which has none of its own."
    else:
        own = and_(accounts.c.master_id == account.master_id, accounts.c.id == account.account_id)
        holder_id = (await session.execute(select(nearest_pool(accounts)).where(own))).scalar_one()
        message = "It is promised from the credit of the account directly above, which has none of its own."
    if holder_id == account.account_id:
        message = "The account has a plan of its own."
    if holder_id != parent.account_id:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "guarantee")


async def _stored(session: WriteSession, account: Authorized, currency: BudgetCurrency) -> Budget:
    statement = select(budgets.c.cap, budgets.c.guarantee).where(_is(account, currency))
    row = (await session.execute(statement)).one_or_none()
    return NO_BUDGET if row is None else Budget(row.cap, row.guarantee)


async def _write(session: WriteSession, account: Authorized, command: BudgetUpdate) -> None:
    if command.budget == NO_BUDGET:
        await session.execute(delete(budgets).where(_is(account, command.currency)))
        return
    written = upsert(budgets).values(
        master_id=account.master_id,
        account_id=account.account_id,
        currency=command.currency.value,
        cap=command.budget.cap,
        guarantee=command.budget.guarantee,
    )
    await session.execute(
        written.on_conflict_do_update(
            index_elements=["master_id", "account_id", "currency"],
            set_={"cap": written.excluded.cap, "guarantee": written.excluded.guarantee},
        )
    )


async def _log(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    currency: BudgetCurrency,
    before: Budget,
    after: Budget,
) -> None:
    subject_id = present(Kind.ACCOUNT, account.account_id)
    told = (_told(before, currency), _told(after, currency))
    await record(session, principal, account, _EVENTS[currency], subject_id, *told)


def _told(budget: Budget, currency: BudgetCurrency) -> Change:
    if currency is BudgetCurrency.SENDS:
        return {"cap": budget.cap, "guarantee": budget.guarantee}
    return {"cap": None if budget.cap is None else str(budget.cap), "guarantee": str(budget.guarantee)}


def _is(account: Authorized, currency: BudgetCurrency) -> ColumnElement[bool]:
    return and_(
        budgets.c.master_id == account.master_id,
        budgets.c.account_id == account.account_id,
        budgets.c.currency == currency.value,
    )
