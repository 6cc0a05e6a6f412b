"""The stored function that says what is left to an account.

Without it, this SQL would be half of every statement that shows usage, although most trees have no budgets.
"""

from typing import Any

from sqlalchemy import BigInteger, FromClause, Select, Uuid, cast, literal_column, null, select
from sqlalchemy.dialects.postgresql import array

from engine.compiled.sql_text import prepared
from models.base.stored_functions import StoredFunction, Volatility
from resolvers.budgets.send_check import caps_left, credit_left, credit_of, sends_guaranteed, sends_kept

_ZERO = literal_column("0", BigInteger)


def _account(name: str, number: int) -> FromClause:
    tree, own = literal_column("$1", Uuid), literal_column(f"${number}", Uuid)
    return select(tree.label("master_id"), own.label("id")).subquery(name)


def _left(*, budgets: bool) -> str:
    """The figures in the order of `resolvers.budgets.left.Left`."""
    account, subscriber = _account("account", 2), _account("subscriber", 3)
    no_cap = cast(null(), BigInteger)
    figures = (
        (
            credit_left(account, subscriber),
            sends_kept(subscriber),
            sends_guaranteed(account, subscriber),
            caps_left(account, subscriber),
        )
        if budgets
        else (credit_of(account, subscriber), _ZERO, _ZERO, no_cap)
    )
    statement: Select[Any] = select(array(figures)).select_from(account, subscriber)
    return prepared(statement).sql


FUNCTIONS = (
    StoredFunction(
        "mandant_left(uuid, uuid, uuid) RETURNS bigint[]",
        "BEGIN IF EXISTS (SELECT FROM budgets WHERE master_id = $1) "
        f"THEN RETURN ({_left(budgets=True)}); ELSE RETURN ({_left(budgets=False)}); END IF; END",
        Volatility.STABLE,
    ),
)
