"""Which changes a read contains (N7).

A revision names the transaction that made a change, and the life of the server that ran it: PostgreSQL's
timeline and the moment when the server was started. The transaction's number is not enough: after a fail-over
that lost the transaction, the new primary gives its number to another one. A read that names a revision is
answered from a snapshot that contains the transaction, by a primary of the same life, or not at all. One
statement checks both and reads: between two statements the connection could change servers.
"""

import re
import uuid
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
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.types import UserDefinedType

from authz.callers.principals import Credentials, UnknownCallerError
from authz.reach.reach import PRINCIPAL
from authz.wall.notes import TransactionNotes
from authz.wall.row_security import entered_with, entering
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession

Revision = NewType("Revision", str)
"""The name of a change: an opaque text for clients."""

REVISION_NAME = "min_revision"
"""The parameter of `entering_at_least`."""

_SHAPE = re.compile(r"[0-9A-F]{8}-[1-9][0-9]{0,17}-(?P<transaction>[1-9][0-9]{0,19})", re.ASCII)
_LARGEST = 2**64 - 1
_MICROSECONDS = 1_000_000
"""In a second."""
_TIMELINE_LENGTH = 8
"""Of the timeline at the beginning of a write-ahead log file's name."""


class _TransactionId(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


def revision_of(text: str) -> Revision | None:
    """The revision that a client names. None for a text that cannot be one."""
    found = _SHAPE.fullmatch(text)
    return Revision(text) if found and int(found["transaction"]) <= _LARGEST else None


def current_revision() -> ColumnElement[str]:
    """The revision of what the current transaction changes. Works on a primary only."""
    return func.concat(_life(), "-", func.pg_current_xact_id())


async def enter_to_write(session: WriteSession, credentials: Credentials) -> None:
    """Tell the database who calls (see `row_security.enter`), and note the revision of what the transaction
    changes. Raises UnknownCallerError where nobody has the token."""
    (entered,) = await _ENTERING_TO_WRITE.rows(session, credentials.binds, credentials.kind)
    _note(session, credentials, entered.revision, entered.caller)


async def enter_to_find(
    session: WriteSession, credentials: Credentials, wanted: ColumnElement[uuid.UUID]
) -> uuid.UUID | None:
    """`enter_to_write`, which also returns what the scalar sub-select finds behind it."""
    both = array([_CALLER.scalar_subquery(), wanted])
    statement = select(current_revision().label("revision"), case((entering(), both)).label("found"))
    entered = (await session.execute(statement, credentials.binds)).one()
    _note(session, credentials, entered.revision, entered.found[0])
    found: uuid.UUID | None = entered.found[1]
    return found


def _note(session: WriteSession, credentials: Credentials, revision: str, caller: uuid.UUID | None) -> None:
    if credentials.digest and caller is None:
        raise UnknownCallerError
    entered_with(session, credentials)
    session.notes(TransactionNotes).revision = revision


def entering_at_least(revision: Revision | None = None) -> ColumnElement[bool]:
    """Tells the database who calls (see `entering`) if the snapshot contains this revision. Else false.

    Without a revision it is a parameter, REVISION_NAME.
    """
    if revision is None:
        named: ColumnElement[str] = bindparam(REVISION_NAME, type_=Text, required=True)
    else:
        named = literal(revision, Text)
    return and_(_contained(named), entering())


def _life() -> ColumnElement[str]:
    """The name of the server's life as a primary: all that it writes is of one history, and no other server
    has the same name. Two replicas that are promoted may take the same timeline, but they were not started in
    the same microsecond."""
    timeline = func.left(func.pg_walfile_name(func.pg_current_wal_insert_lsn()), _TIMELINE_LENGTH)
    started = cast(extract("epoch", func.pg_postmaster_start_time()) * _MICROSECONDS, BigInteger)
    return func.concat(timeline, "-", started)


def _contained(revision: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the statement's snapshot contains the revision.

    On a replica always false: it does not show an ordinary role which timeline it replays.
    """
    transaction = cast(func.split_part(revision, "-", 3), _TransactionId)
    same_life = func.starts_with(revision, func.concat(_life(), "-"))
    visible = func.pg_visible_in_snapshot(transaction, func.pg_current_snapshot())
    # A replica raises an error where it is asked for the name of its life.
    return case((func.pg_is_in_recovery(), false()), else_=and_(same_life, visible))


_CALLER = select(func.coalesce(PRINCIPAL.c.actor_user_id, PRINCIPAL.c.actor_api_key_id))
_ENTERING_TO_WRITE = FixedStatement(
    select(
        current_revision().label("revision"), case((entering(), _CALLER.scalar_subquery())).label("caller")
    )
)
