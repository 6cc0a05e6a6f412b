"""Writing down what a payment provider answered, once; by the request that asked or by a worker."""

import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, literal, null, select, update

from authz.callers.actors import Actor
from authz.guards.exclusive import Authorized
from authz.guards.locks import lock_shared_path
from authz.policy.refusals import NotFound
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, LedgerTransactionId, TopUpId, new_id, present
from models.credit.tables import BalanceKind, LedgerTransactionKind, ledger_balances
from models.payments.tables import TopUpStatus, top_ups
from models.payments.top_up_rules import top_up_rules
from resolvers.credit.post import Posting, Transaction, post
from resolvers.effects.log import EventKind, record
from resolvers.payments.provider import ChargeAnswer

REFUSALS_UNTIL_PAUSE = 3
"""So often in a row the provider may decline what a rule asks for."""

_WAIT_AFTER_REFUSAL = datetime.timedelta(hours=1)


async def settle(
    session: WriteSession, actor: Actor, account: Authorized, top_up_id: TopUpId, answer: ChargeAnswer
) -> None:
    """Write the provider's answer. No right is asked for any more: it is paid, or it is not.

    Raises NotFound where the session does not see the top-up; it stays pending.
    """
    await lock_shared_path(session, account.master_id, account.account_id)
    this = and_(top_ups.c.master_id == account.master_id, top_ups.c.id == top_up_id)
    locked = select(top_ups.c.status, top_ups.c.amount, top_ups.c.automatic).where(this).with_for_update()
    top_up = (await session.execute(locked)).one_or_none()
    if top_up is None:
        raise NotFound("accountId")
    if TopUpStatus(top_up.status) is not TopUpStatus.PENDING:
        return
    values: dict[str, object] = {"status": TopUpStatus.DECLINED.value, "decline_reason": answer.declined}
    event = EventKind.CREDIT_TOP_UP_DECLINED
    if answer.declined is None:
        values = {"status": TopUpStatus.SETTLED.value}
        values["transaction_id"] = await _credit(session, actor, account, top_up.amount)
        event = EventKind.CREDIT_TOPPED_UP
    await session.execute(update(top_ups).where(this).values(**values, answered_at=func.now()))
    subject_id = present(Kind.TOP_UP, top_up_id)
    await record(session, actor, account, event, subject_id, None, {"amount": str(top_up.amount)})
    if top_up.automatic:
        await _tell_rule(session, actor, account, paid=answer.declined is None)


async def _credit(
    session: WriteSession, actor: Actor, account: Authorized, amount: int
) -> LedgerTransactionId:
    postings = (
        Posting(account.account_id, BalanceKind.OUTSIDE, -amount),
        Posting(account.account_id, BalanceKind.CREDIT, amount),
    )
    transaction_id = LedgerTransactionId(new_id())
    kind = LedgerTransactionKind.TOP_UP
    await post(session, actor, Transaction(account.master_id, transaction_id, kind, postings))
    return transaction_id


async def _tell_rule(session: WriteSession, actor: Actor, account: Authorized, *, paid: bool) -> None:
    """What the answer means for the rule, if there still is one: go on, wait, or pause."""
    rule = top_up_rules.c
    # After the posting, whose lock on the books keeps the balance as it is.
    statement = update(top_up_rules).where(
        rule.master_id == account.master_id, rule.account_id == account.account_id
    )
    if paid:
        due_at = case((_balance() < rule.threshold, func.now()))
        await session.execute(statement.values(refusals=0, due_at=due_at))
        return
    paused = rule.refusals + 1 >= REFUSALS_UNTIL_PAUSE
    told = statement.values(
        refusals=rule.refusals + 1,
        paused_at=case((paused, func.now())),
        due_at=case((paused, null()), else_=func.now() + _WAIT_AFTER_REFUSAL),
    ).returning(rule.paused_at)
    after: Row[*tuple[Any, ...]] | None = (await session.execute(told)).one_or_none()
    if after is not None and after.paused_at is not None:
        subject_id, kind = present(Kind.ACCOUNT, account.account_id), EventKind.TOP_UP_RULE_PAUSED
        await record(session, actor, account, kind, subject_id, None, {"refusals": REFUSALS_UNTIL_PAUSE})


def _balance() -> ColumnElement[int]:
    balance = ledger_balances.c
    amount = select(balance.amount).where(
        balance.master_id == top_up_rules.c.master_id,
        balance.account_id == top_up_rules.c.account_id,
        balance.kind == BalanceKind.CREDIT.value,
    )
    return func.coalesce(amount.correlate(top_up_rules).scalar_subquery(), literal(0))
