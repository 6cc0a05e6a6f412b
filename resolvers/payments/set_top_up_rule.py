"""Setting and removing the rule that tops up an account automatically (N10, T19)."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, Select, func, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import columns_of, in_account, this_account
from models.base.ids import AccountId, PaymentMethodId
from models.credit.job_kinds import TOP_UP
from models.credit.pools import has_own_balance
from models.effects.jobs import Job
from models.payments.top_up_rules import top_up_rules
from resolvers.credit.reads import balance_of
from resolvers.effects.account_versions import check_version, raise_version
from resolvers.effects.event_types import EventType
from resolvers.effects.jobs import enqueue
from resolvers.effects.log import record_of_account
from resolvers.inputs.amounts import movable
from resolvers.inputs.unchanged import UNCHANGED, Unchanged, needed_value
from resolvers.payments.change_methods import check_payment_method
from resolvers.payments.end_top_up_rule import end_top_up_rule, logged_rule
from resolvers.rows.stored import stored


@dataclass(frozen=True)
class TopUpRuleUpdate:
    """The new values: amounts in micro-units of the tree's currency; a day is one in UTC. `expected_version`:
    of the account."""

    account_id: AccountId
    expected_version: int
    payment_method_id: PaymentMethodId | Unchanged = UNCHANGED
    threshold: int | Unchanged = UNCHANGED
    amount: int | Unchanged = UNCHANGED
    daily_maximum: int | Unchanged = UNCHANGED


async def update_top_up_rule(
    session: WriteSession, principal: Principal, command: TopUpRuleUpdate
) -> Authorized:
    """Set the rule: a top-up begins whenever less than the threshold is left. A paused rule resumes.

    Needs CREDIT_WRITE. Raises VersionConflict; BAD_USER_INPUT, also where the amount is not above the
    threshold, the daily maximum is below the amount, or a first rule lacks a value; NOT_FOUND for a payment
    method of another account; FAILED_PRECONDITION where the account draws from a pool.
    """
    account = await authorize(session, principal, command.account_id, Permission.CREDIT_WRITE)
    check_version(account, command.expected_version)
    own, balance = (await session.execute(_balance(account))).one()
    if not own:
        message = "The account draws from a pool: change its credit mode to OWN_BALANCE first."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    before = (await session.execute(_rule_of(account))).one_or_none()
    rule = _updated(before, command)
    _check_amounts(rule)
    await check_payment_method(session, account, rule.payment_method_id)
    if before is not None and before.paused_at is None and rule == _current(before):
        return account
    values = {
        **asdict(rule),
        "refusals": 0,
        "paused_at": None,
        "due_at": func.now() if balance < rule.threshold else None,
    }
    made = stored(top_up_rules, columns_of(account), values).returning(*top_up_rules.c)
    after = (await session.execute(made)).one()
    if after.due_at is not None:
        await enqueue(session, Job(TOP_UP, account.master_id, account.account_id))
    await raise_version(session, account)
    kind, old = EventType.TOP_UP_RULE_UPDATED, None if before is None else logged_rule(before)
    await record_of_account(session, principal, account, kind, old, logged_rule(after))
    return account


async def remove_top_up_rule(
    session: WriteSession, principal: Principal, account_id: AccountId
) -> Authorized:
    """Remove the rule, in any status of the account. A pending top-up is still settled. Needs
    CREDIT_WRITE."""
    account = await authorize(session, principal, account_id, Permission.CREDIT_WRITE, WriteKind.TAKES_AWAY)
    await end_top_up_rule(session, principal, account)
    return account


@dataclass(frozen=True)
class _Rule:
    payment_method_id: PaymentMethodId
    threshold: int
    amount: int
    daily_maximum: int


def _current(row: Row[Any]) -> _Rule:
    return _Rule(row.payment_method_id, row.threshold, row.amount, row.daily_maximum)


def _updated(before: Row[Any] | None, command: TopUpRuleUpdate) -> _Rule:
    return _Rule(
        needed_value(command.payment_method_id, before and before.payment_method_id, "paymentMethodId"),
        needed_value(command.threshold, before and before.threshold, "threshold"),
        needed_value(command.amount, before and before.amount, "amount"),
        needed_value(command.daily_maximum, before and before.daily_maximum, "dailyMaximum"),
    )


def _check_amounts(rule: _Rule) -> None:
    movable(rule.threshold, "threshold")
    movable(rule.amount)
    movable(rule.daily_maximum, "dailyMaximum")
    if rule.amount <= rule.threshold:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must be above the threshold.", "amount")
    if rule.daily_maximum < rule.amount:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must be at least the amount.", "dailyMaximum")


def _balance(account: Authorized) -> Select[bool, int]:
    return select(has_own_balance(accounts), balance_of(accounts)).where(this_account(accounts, account))


def _rule_of(account: Authorized) -> Select[Any]:
    rule = top_up_rules.c
    return select(*rule).where(in_account(top_up_rules, account))
