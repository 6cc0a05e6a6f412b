"""Settling a top-up once: either the request that asked the provider does it, or a worker."""

import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, literal, null, select, update

from authz.callers.actors import Actor
from authz.guards.exclusive import Authorized
from authz.guards.locks import lock_shared_path
from authz.policy.refusals import NotFound
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_account, in_tree, row_of
from models.base.ids import Kind, LedgerTransactionId, TopUpId, new_id, present
from models.credit.tables import BalanceKind, LedgerTransactionKind, ledger_balances
from models.payments.tables import TopUpStatus, top_ups
from models.payments.top_up_rules import top_up_rules
from resolvers.credit.post import Posting, Transaction, post_transaction
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record, record_of_account
from resolvers.payments.provider import ChargeAnswer

REFUSALS_UNTIL_PAUSE = 3
"""A rule pauses after so many declined charges in a row."""

_WAIT_AFTER_REFUSAL = datetime.timedelta(hours=1)


async def settle_top_up(
    session: WriteSession, actor: Actor, account: Authorized, top_up_id: TopUpId, answer: ChargeAnswer
) -> None:
    """Write the provider's answer. It needs no permission any more: the amount is paid or it is not.

    Raises NotFound where the session does not see the top-up, which stays pending.
    """
    await lock_shared_path(session, account.master_id, account.account_id)
    this = row_of(top_ups, account, top_up_id)
    locked = select(top_ups.c.status, top_ups.c.amount, top_ups.c.automatic).where(this).with_for_update()
    top_up = (await session.execute(locked)).one_or_none()
    if top_up is None:
        raise NotFound("accountId")
    if TopUpStatus(top_up.status) is not TopUpStatus.PENDING:
        return
    values: dict[str, object] = {"status": TopUpStatus.DECLINED.value, "decline_reason": answer.declined}
    event = EventType.CREDIT_TOP_UP_DECLINED
    if answer.declined is None:
        values = {"status": TopUpStatus.SETTLED.value}
        values["transaction_id"] = await _credit(session, actor, account, top_up.amount)
        event = EventType.CREDIT_TOPPED_UP
    await session.send_built(update(top_ups).where(this).values(**values, answered_at=func.now()))
    subject_id = present(Kind.TOP_UP, top_up_id)
    await record(session, actor, account, event, subject_id, None, {"amount": str(top_up.amount)})
    if top_up.automatic:
        await _apply_to_rule(session, actor, account, paid=answer.declined is None)


async def _credit(
    session: WriteSession, actor: Actor, account: Authorized, amount: int
) -> LedgerTransactionId:
    postings = (
        Posting(account.account_id, BalanceKind.OUTSIDE, -amount),
        Posting(account.account_id, BalanceKind.CREDIT, amount),
    )
    transaction_id = LedgerTransactionId(new_id())
    kind = LedgerTransactionKind.TOP_UP
    await post_transaction(session, actor, Transaction(account.master_id, transaction_id, kind, postings))
    return transaction_id


async def _apply_to_rule(session: WriteSession, actor: Actor, account: Authorized, *, paid: bool) -> None:
    """Apply the answer to the rule, if there still is one: it goes on, waits, or pauses."""
    rule = top_up_rules.c
    # The posting came first. Its lock on the books keeps the balance as it is.
    statement = update(top_up_rules).where(in_account(top_up_rules, account))
    if paid:
        due_at = case((_balance() < rule.threshold, func.now()))
        await session.send_built(statement.values(refusals=0, due_at=due_at))
        return
    paused = rule.refusals + 1 >= REFUSALS_UNTIL_PAUSE
    waiting = statement.values(
        refusals=rule.refusals + 1,
        paused_at=case((paused, func.now())),
        due_at=case((paused, null()), else_=func.now() + _WAIT_AFTER_REFUSAL),
    ).returning(rule.paused_at)
    after: Row[*tuple[Any, ...]] | None = (await session.execute(waiting)).one_or_none()
    if after is not None and after.paused_at is not None:
        paused_after: Change = {"refusals": REFUSALS_UNTIL_PAUSE}
        await record_of_account(session, actor, account, EventType.TOP_UP_RULE_PAUSED, None, paused_after)


def _balance() -> ColumnElement[int]:
    balance = ledger_balances.c
    amount = select(balance.amount).where(
        in_tree(ledger_balances, top_up_rules, account_id="account_id"),
        balance.kind == BalanceKind.CREDIT.value,
    )
    return func.coalesce(amount.correlate(top_up_rules).scalar_subquery(), literal(0))
