"""Which changes a read contains (N7).

A revision is the id of the transaction that made a change. A read that names one is answered from a snapshot
that contains this transaction, or not at all. The snapshot is asked by the very statement that reads: between
two statements the connection could be another replica's.
"""

import re
from typing import Any, NewType

from sqlalchemy import ColumnElement, Text, and_, bindparam, cast, func, literal, or_, select
from sqlalchemy.types import UserDefinedType

from authz.principals import Credentials
from authz.row_security import entering
from engine.fixed_statements import FixedStatement
from engine.write_sessions import WriteSession

Revision = NewType("Revision", str)
"""A change, as clients name it: an opaque text for them, of digits alone."""

REVISION_NAME = "min_revision"
"""The parameter of `entering_at_least`."""

_SHAPE = re.compile(r"[1-9][0-9]{0,19}", re.ASCII)
_LARGEST = 2**64 - 1


class _TransactionId(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


def revision_of(text: str) -> Revision | None:
    """The revision that a client names; None for what can be none."""
    return Revision(text) if _SHAPE.fullmatch(text) and int(text) <= _LARGEST else None


async def enter_to_write(session: WriteSession, credentials: Credentials) -> Revision:
    """Tell the database who asks (see `row_security.enter`). The revision of what the transaction changes."""
    (entered,) = await _ENTERING_TO_WRITE.rows(session, credentials.binds)
    return Revision(entered.revision)


def entering_at_least(revision: Revision | None = None) -> ColumnElement[bool]:
    """Tells the database who asks (see `entering`), if this revision is contained; else false.

    Without a revision it is a parameter, REVISION_NAME.
    """
    if revision is None:
        named: ColumnElement[str] = bindparam(REVISION_NAME, type_=Text, required=True)
    else:
        named = literal(revision, Text)
    return and_(_contained(named), entering())


_ENTERING_TO_WRITE = FixedStatement(
    select(cast(func.pg_current_xact_id(), Text).label("revision"), entering())
)


def _contained(revision: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the statement's snapshot contains the revision.

    A replica's snapshot does not tell in PostgreSQL which transactions are under way, and calls them all
    visible; there only what is older than all of these counts.
    """
    transaction = cast(revision, _TransactionId)
    snapshot = func.pg_current_snapshot()
    over_for_all = transaction.op("<", is_comparison=True)(func.pg_snapshot_xmin(snapshot))
    return and_(
        func.pg_visible_in_snapshot(transaction, snapshot), or_(~func.pg_is_in_recovery(), over_for_all)
    )
