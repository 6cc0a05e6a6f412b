"""The rule by which an account's credit is topped up by itself, as those who may see its credit see it."""

from typing import Any

from sqlalchemy import FromClause, Select, select

from models.payments.tables import payment_methods
from models.payments.top_up_rules import top_up_rules


def of_account(account: FromClause) -> Select[Any]:
    """The rule by which the account's credit is topped up by itself; null without one."""
    rule = top_up_rules.alias()
    return select(*rule.c).where(rule.c.account_id == account.c.id, rule.c.master_id == account.c.master_id)


def payment_method_of(rule: FromClause) -> Select[Any]:
    """What is paid with."""
    method = payment_methods.alias()
    return select(*method.c).where(
        method.c.id == rule.c.payment_method_id, method.c.master_id == rule.c.master_id
    )
