"""Reservations of sends, as their viewers see them."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, or_, select

from authz.reach.reach import account_where
from models.base.ids import Kind
from models.sending.lapsed import is_lapsed
from models.sending.tables import ReservationStatus, send_reservations
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import account_behind
from resolvers.sending.permissions import SEND_PERMISSIONS


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.SEND_RESERVATION)]) -> Select[Any]:
    """A reservation in an account where the viewer may send on its stream."""
    reservation = send_reservations.alias()
    return select(*reservation.c).where(reservation.c.id == id, _seen(reservation))


def of_result(result: FromClause) -> Select[Any]:
    """The reservation after the change."""
    reservation = send_reservations.alias()
    return select(*reservation.c).where(reservation.c.id == result.c.reservation_id, _seen(reservation))


def account_of(reservation: FromClause) -> Select[Any]:
    """The account that sends; null if it is outside your reach."""
    return account_behind(reservation)


def status_of(reservation: FromClause) -> ColumnElement[str]:
    """The status now, by the database's clock."""
    return case((is_lapsed(reservation), ReservationStatus.EXPIRED.value), else_=reservation.c.status)


def _seen(reservation: FromClause) -> ColumnElement[bool]:
    return or_(
        *[
            and_(reservation.c.stream == stream.value, account_where(reservation, permission))
            for stream, permission in SEND_PERMISSIONS.items()
        ]
    )
