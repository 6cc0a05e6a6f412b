"""The rule that tops up an account automatically, as viewers of its credit see it."""

from typing import Any

from sqlalchemy import FromClause, Select

from models.payments.tables import payment_methods
from models.payments.top_up_rules import top_up_rules
from resolvers.rows.shown import rows_of


def of_account(account: FromClause) -> Select[Any]:
    """The rule for automatic top-ups; null if there is none."""
    return rows_of(top_up_rules, account, account_id="id")


def payment_method_of(rule: FromClause) -> Select[Any]:
    """The payment method that the rule uses."""
    return rows_of(payment_methods, rule, id="payment_method_id")
