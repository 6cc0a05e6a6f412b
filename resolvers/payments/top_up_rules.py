"""The rule by which an account's credit is topped up by itself, as those who may see its credit see it."""

from typing import Any

from sqlalchemy import FromClause, Select, select

from models.accounts.trees import in_tree
from models.payments.tables import payment_methods
from models.payments.top_up_rules import top_up_rules


def of_account(account: FromClause) -> Select[Any]:
    """The rule for automatic top-ups; null if there is none."""
    rule = top_up_rules.alias()
    return select(*rule.c).where(in_tree(rule, account, account_id="id"))


def payment_method_of(rule: FromClause) -> Select[Any]:
    """The payment method that the rule uses."""
    method = payment_methods.alias()
    return select(*method.c).where(in_tree(method, rule, id="payment_method_id"))
