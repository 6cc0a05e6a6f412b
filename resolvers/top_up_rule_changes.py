"""Setting the rule by which an account's credit is topped up by itself (N10, T19)."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.guard import Authorized, Effect, authorize
from authz.permissions import Permission
from authz.principals import Principal
from authz.refusals import Refusal, RefusalCode
from engine.write_sessions import WriteSession
from models.accounts import accounts
from models.identifiers import AccountId, Kind, PaymentMethodId, present
from models.jobs import Job, JobKind
from models.top_up_rules import top_up_rules
from resolvers.amounts import movable
from resolvers.credit import balance_of, has_own_balance
from resolvers.events import EventKind, record
from resolvers.jobs import enqueue
from resolvers.payment_methods import check_payment_method
from resolvers.top_up_rules import end_top_up_rule, told_of


@dataclass(frozen=True)
class TopUpRule:
    """Amounts in micro-units of the tree's currency; the day is one in UTC."""

    account_id: AccountId
    payment_method_id: PaymentMethodId
    threshold: int
    amount: int
    daily_maximum: int


async def set_top_up_rule(session: WriteSession, principal: Principal, command: TopUpRule) -> Authorized:
    """Let a top-up begin whenever less than the threshold is left. A rule that paused goes on.

    Needs CREDIT_WRITE. Raises BAD_USER_INPUT, also where the amount is not above the threshold or the daily
    maximum is below the amount, NOT_FOUND for a payment method of another account, FAILED_PRECONDITION where
    the account draws from a pool.
    """
    _check_amounts(command)
    account = await authorize(session, principal, command.account_id, Permission.CREDIT_WRITE)
    own, balance = (await session.execute(_balance(account))).one()
    if not own:
        message = "The account draws from a pool; let it have a balance of its own first."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    await check_payment_method(session, account, command.payment_method_id)
    before = (await session.execute(_rule_of(account))).one_or_none()
    values = {
        "threshold": command.threshold,
        "amount": command.amount,
        "daily_maximum": command.daily_maximum,
        "payment_method_id": command.payment_method_id,
        "refusals": 0,
        "paused_at": None,
        "due_at": func.now() if balance < command.threshold else None,
    }
    made = upsert(top_up_rules).values(master_id=account.master_id, account_id=account.account_id, **values)
    changed = {name: made.excluded[name] for name in values}
    stored = made.on_conflict_do_update(index_elements=["master_id", "account_id"], set_=changed)
    after = (await session.execute(stored.returning(*top_up_rules.c))).one()
    if after.due_at is not None:
        await enqueue(session, Job(JobKind.TOP_UP, account.master_id, account.account_id))
    subject_id, kind = present(Kind.ACCOUNT, account.account_id), EventKind.TOP_UP_RULE_UPDATED
    told_before = None if before is None else told_of(before)
    await record(session, principal, account, kind, subject_id, told_before, told_of(after))
    return account


async def remove_top_up_rule(
    session: WriteSession, principal: Principal, account_id: AccountId
) -> Authorized:
    """Let no more top-ups begin by themselves, whatever the account's status. One that is under way is still
    settled. Needs CREDIT_WRITE."""
    account = await authorize(session, principal, account_id, Permission.CREDIT_WRITE, Effect.TAKES_AWAY)
    await end_top_up_rule(session, principal, account)
    return account


def _check_amounts(command: TopUpRule) -> None:
    movable(command.threshold, "threshold")
    movable(command.amount)
    movable(command.daily_maximum, "dailyMaximum")
    if command.amount <= command.threshold:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must be above the threshold.", "amount")
    if command.daily_maximum < command.amount:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must be at least the amount.", "dailyMaximum")


def _balance(account: Authorized) -> Select[bool, int]:
    return select(has_own_balance(accounts), balance_of(accounts)).where(
        accounts.c.master_id == account.master_id, accounts.c.id == account.account_id
    )


def _rule_of(account: Authorized) -> Select[Any]:
    rule = top_up_rules.c
    return select(*rule).where(rule.master_id == account.master_id, rule.account_id == account.account_id)
