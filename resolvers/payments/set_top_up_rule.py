"""Setting the rule by which an account's credit is topped up by itself (N10, T19)."""

from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from sqlalchemy import Row, Select, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, Effect, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.base.ids import AccountId, Kind, PaymentMethodId, present
from models.credit.pools import has_own_balance
from models.effects.jobs import Job, JobKind
from models.payments.top_up_rules import top_up_rules
from resolvers.credit.reads import balance_of
from resolvers.effects.account_versions import check_version, raise_version
from resolvers.effects.jobs import enqueue
from resolvers.effects.log import EventKind, record
from resolvers.inputs.amounts import movable
from resolvers.inputs.unchanged import UNCHANGED, Unchanged, new_value
from resolvers.payments.methods import check_payment_method
from resolvers.payments.top_up_rules import end_top_up_rule, told_of

T = TypeVar("T")


@dataclass(frozen=True)
class TopUpRuleUpdate:
    """The new values: amounts in micro-units of the tree's currency; the day is one in UTC.
    `expected_version`: of the account."""

    account_id: AccountId
    expected_version: int
    payment_method_id: PaymentMethodId | Unchanged = UNCHANGED
    threshold: int | Unchanged = UNCHANGED
    amount: int | Unchanged = UNCHANGED
    daily_maximum: int | Unchanged = UNCHANGED


async def update_top_up_rule(
    session: WriteSession, principal: Principal, command: TopUpRuleUpdate
) -> Authorized:
    """Let a top-up begin whenever less than the threshold is left. A rule that paused goes on.

    Needs CREDIT_WRITE. Raises VersionConflict, BAD_USER_INPUT, also where the amount is not above the
    threshold, the daily maximum is below the amount or a first rule leaves something out, NOT_FOUND for a
    payment method of another account, FAILED_PRECONDITION where the account draws from a pool.
    """
    account = await authorize(session, principal, command.account_id, Permission.CREDIT_WRITE)
    await check_version(session, account, command.expected_version)
    own, balance = (await session.execute(_balance(account))).one()
    if not own:
        message = "The account draws from a pool; let it have a balance of its own first."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    before = (await session.execute(_rule_of(account))).one_or_none()
    rule = _updated(before, command)
    _check_amounts(rule)
    await check_payment_method(session, account, rule.payment_method_id)
    values = {
        **asdict(rule),
        "refusals": 0,
        "paused_at": None,
        "due_at": func.now() if balance < rule.threshold else None,
    }
    made = upsert(top_up_rules).values(master_id=account.master_id, account_id=account.account_id, **values)
    changed = {name: made.excluded[name] for name in values}
    stored = made.on_conflict_do_update(index_elements=["master_id", "account_id"], set_=changed)
    after = (await session.execute(stored.returning(*top_up_rules.c))).one()
    if after.due_at is not None:
        await enqueue(session, Job(JobKind.TOP_UP, account.master_id, account.account_id))
    await raise_version(session, account)
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


@dataclass(frozen=True)
class _Rule:
    payment_method_id: PaymentMethodId
    threshold: int
    amount: int
    daily_maximum: int


def _updated(before: Row[Any] | None, command: TopUpRuleUpdate) -> _Rule:
    return _Rule(
        _needed(command.payment_method_id, before and before.payment_method_id, "paymentMethodId"),
        _needed(command.threshold, before and before.threshold, "threshold"),
        _needed(command.amount, before and before.amount, "amount"),
        _needed(command.daily_maximum, before and before.daily_maximum, "dailyMaximum"),
    )


def _needed(given: T | Unchanged, current: T | None, field: str) -> T:
    value = new_value(given, current)
    if value is None:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "The first rule needs it.", field)
    return value


def _check_amounts(rule: _Rule) -> None:
    movable(rule.threshold, "threshold")
    movable(rule.amount)
    movable(rule.daily_maximum, "dailyMaximum")
    if rule.amount <= rule.threshold:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must be above the threshold.", "amount")
    if rule.daily_maximum < rule.amount:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must be at least the amount.", "dailyMaximum")


def _balance(account: Authorized) -> Select[bool, int]:
    return select(has_own_balance(accounts), balance_of(accounts)).where(
        accounts.c.master_id == account.master_id, accounts.c.id == account.account_id
    )


def _rule_of(account: Authorized) -> Select[Any]:
    rule = top_up_rules.c
    return select(*rule).where(rule.master_id == account.master_id, rule.account_id == account.account_id)
