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
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_account


async def end_top_up_rule(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    method_id: PaymentMethodId | None = None,
) -> bool:
    """Delete the rule of a locked account. With `method_id` only a rule that pays with that method. Returns
    whether there was one."""
    rule = top_up_rules.c
    ended = delete(top_up_rules).where(in_account(top_up_rules, account))
    if method_id is not None:
        ended = ended.where(rule.payment_method_id == method_id)
    row = (await session.execute(ended.returning(*rule))).one_or_none()
    if row is not None:
        await raise_version(session, account)
        await record_of_account(session, principal, account, EventType.TOP_UP_RULE_REMOVED, logged_rule(row))
    return row is not None


def logged_rule(rule: Row[*tuple[Any, ...]]) -> Change:
    """The rule's values, for the log."""
    return {
        "threshold": str(rule.threshold),
        "amount": str(rule.amount),
        "dailyMaximum": str(rule.daily_maximum),
        "paymentMethodId": present(Kind.PAYMENT_METHOD, rule.payment_method_id),
    }
