"""Reservations whose time is over."""

from sqlalchemy import ColumnElement, FromClause, and_, literal_column

from models.base.clock import current_moment
from models.sending.tables import ReservationStatus


def is_lapsed(reservation: FromClause) -> ColumnElement[bool]:
    """Whether the reservation expired and still holds what it reserved."""
    reserved = reservation.c.status == literal_column(f"'{ReservationStatus.RESERVED.value}'")
    return and_(reserved, reservation.c.expires_at <= current_moment())
