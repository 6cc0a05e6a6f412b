"""Ending the rule that tops up an account automatically."""

from typing import Any

from sqlalchemy import Row, delete

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_account
from models.base.ids import Kind, PaymentMethodId, present
from models.payments.top_up_rules import top_up_rules
from resolvers.effects.account_versions import raise_version
from resolvers.effects.event_kinds import EventKind
from resolvers.effects.log import Change, record


async def end_top_up_rule(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    method_id: PaymentMethodId | None = None,
) -> bool:
    """Let no more top-ups begin by themselves in an account that is locked; a `method_id`: if by that one.
    Whether there was a rule."""
    rule = top_up_rules.c
    ended = delete(top_up_rules).where(in_account(top_up_rules, account))
    if method_id is not None:
        ended = ended.where(rule.payment_method_id == method_id)
    row = (await session.execute(ended.returning(*rule))).one_or_none()
    if row is not None:
        await raise_version(session, account)
        subject_id = present(Kind.ACCOUNT, account.account_id)
        await record(session, principal, account, EventKind.TOP_UP_RULE_REMOVED, subject_id, told_of(row))
    return row is not None


def told_of(rule: Row[*tuple[Any, ...]]) -> Change:
    """What a rule says, for the log."""
    return {
        "threshold": str(rule.threshold),
        "amount": str(rule.amount),
        "dailyMaximum": str(rule.daily_maximum),
        "paymentMethodId": present(Kind.PAYMENT_METHOD, rule.payment_method_id),
    }
