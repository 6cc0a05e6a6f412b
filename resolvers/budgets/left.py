"""What budgets and the pool leave an account, for reads: by a stored function, which computes all of it at
once."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, FromClause, func, literal_column, select

_ZERO = literal_column("0", BigInteger)


@dataclass(frozen=True)
class Left:
    """`credit`: what the account can take from its pool, in micro-units. `sends_kept`: of a subscription's
    sends those that are guaranteed to accounts; `sends_guaranteed`: to this one. `cap`: what caps leave it,
    in sends; NULL: there is no cap."""

    rows: FromClause

    @property
    def credit(self) -> ColumnElement[int]:
        return self._figure(1)

    @property
    def cap(self) -> ColumnElement[int]:
        return self._figure(4)

    def sends(self, unused: ColumnElement[int]) -> ColumnElement[int]:
        """Of so many unused sends of the plan: those that are not guaranteed to others."""
        return func.greatest(unused - self._figure(2), _ZERO) + self._figure(3)

    def _figure(self, number: int) -> ColumnElement[Any]:
        return self.rows.c.left[literal_column(str(number))]


def left_to(account: FromClause, subscriber: FromClause) -> Left:
    """What is left to an account that uses the subscriber's subscription: one row, computed once."""
    figures = func.mandant_left(
        account.c.master_id, account.c.id, subscriber.c.id, type_=ARRAY(BigInteger)
    ).label("left")
    fenced = select(figures).correlate(account, subscriber).offset(literal_column("0"))
    return Left(fenced.lateral())
