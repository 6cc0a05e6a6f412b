"""Which changes a read contains (N7).

A revision names the transaction that made a change, and the life of the server that ran it: PostgreSQL's
timeline and the moment at which it was started. Its number alone does not do: after a fail-over that lost the
transaction, the new primary gives the number to another one. A read that names a revision is answered by a
primary of the same life from a snapshot that contains the transaction, or not at all. The very statement that
reads asks for both: between two statements the connection could be another server's.
"""

import re
from typing import Any, NewType

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    and_,
    bindparam,
    case,
    cast,
    extract,
    false,
    func,
    literal,
    select,
)
from sqlalchemy.types import UserDefinedType

from authz.callers.principals import Credentials
from authz.wall.row_security import entering
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession

Revision = NewType("Revision", str)
"""A change, as clients name it: an opaque text for them."""

REVISION_NAME = "min_revision"
"""The parameter of `entering_at_least`."""

_SHAPE = re.compile(r"[0-9A-F]{8}-[1-9][0-9]{0,17}-(?P<transaction>[1-9][0-9]{0,19})", re.ASCII)
_LARGEST = 2**64 - 1
_MICROSECONDS = 1_000_000
"""In a second."""
_TIMELINE_LENGTH = 8
"""Of what the name of a file of the write-ahead log begins with."""


class _TransactionId(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


def revision_of(text: str) -> Revision | None:
    """The revision that a client names; None for what can be none."""
    found = _SHAPE.fullmatch(text)
    return Revision(text) if found and int(found["transaction"]) <= _LARGEST else None


def current_revision() -> ColumnElement[str]:
    """The revision of what the transaction changes that asks; on a primary alone."""
    return func.concat(_life(), "-", func.pg_current_xact_id())


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


def _life() -> ColumnElement[str]:
    """Of the server, as long as it is a primary: what it has written is of one history, and no other server's
    is called the same. Two replicas that are promoted may take the same timeline, but were not started in the
    same microsecond."""
    timeline = func.left(func.pg_walfile_name(func.pg_current_wal_insert_lsn()), _TIMELINE_LENGTH)
    started = cast(extract("epoch", func.pg_postmaster_start_time()) * _MICROSECONDS, BigInteger)
    return func.concat(timeline, "-", started)


def _contained(revision: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the statement's snapshot contains the revision.

    A replica contains none: it does not tell an ordinary role which timeline it replays.
    """
    transaction = cast(func.split_part(revision, "-", 3), _TransactionId)
    same_life = func.starts_with(revision, func.concat(_life(), "-"))
    visible = func.pg_visible_in_snapshot(transaction, func.pg_current_snapshot())
    # A server that replays has no life of its own, and raises an error where it is asked for one.
    return case((func.pg_is_in_recovery(), false()), else_=and_(same_life, visible))


_ENTERING_TO_WRITE = FixedStatement(select(current_revision().label("revision"), entering()))
