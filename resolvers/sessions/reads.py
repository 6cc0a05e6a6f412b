"""A person's own sessions, which nobody else sees, and the limits of a tree."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, LargeBinary, Select, bindparam, func, select

from authz.callers.principals import DIGEST_NAME
from authz.reach.reach import PRINCIPAL
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.people.sessions import sessions
from models.sessions.tables import session_limits
from resolvers.inputs.global_ids import Id, of_kind

BY_ID = Order("sessions", (sessions.c.id,), descending=True)
"""Newest first."""


def of_viewer(viewer: FromClause) -> Select[Any]:
    """Your open sessions, newest first. Empty for an API key."""
    session = sessions.alias()
    is_open = session.c.expires_at > func.now()
    return select(*session.c).where(session.c.user_id == viewer.c.user_id, is_open)


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.SESSION)]) -> Select[Any]:
    """An open session of the viewer."""
    session = sessions.alias()
    return (
        select(*session.c)
        .join(PRINCIPAL, PRINCIPAL.c.user_id == session.c.user_id)
        .where(session.c.id == id, session.c.expires_at > func.now())
    )


def is_current(session: FromClause) -> ColumnElement[bool]:
    """Whether it is the session that sends this request."""
    return session.c.digest == bindparam(DIGEST_NAME, type_=LargeBinary, required=True)


def idle_minutes_of(account: FromClause) -> ColumnElement[int]:
    """After how many minutes without a request the sessions of this tree's members and guests end; null if
    there is no such limit. Set in the master account with `sessionLimitsUpdate`."""
    return _limit(account, "idle_minutes")


def maximum_minutes_of(account: FromClause) -> ColumnElement[int]:
    """How many minutes after the sign-in the sessions of this tree's members and guests end; null for the
    platform's 30 days. Set in the master account with `sessionLimitsUpdate`."""
    return _limit(account, "maximum_minutes")


def _limit(account: FromClause, name: str) -> ColumnElement[int]:
    limits = session_limits.alias()
    return (
        select(limits.c[name])
        .where(in_tree(limits, account, account_id="master_id"))
        .correlate(account)
        .scalar_subquery()
    )
