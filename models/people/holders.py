"""Who has an e-mail address: one person who verified it, or else any number who only typed it."""

from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, select

from models.people.users import users


def holder_of(canonical: str | ColumnElement[str]) -> ScalarSelect[UUID]:
    """The person who verified the address; where nobody did, the last one who signed up with it."""
    person = users.alias()
    found = select(person.c.id).where(person.c.email_canonical == canonical)
    return found.order_by(person.c.email_verified_at.is_(None), person.c.id.desc()).limit(1).scalar_subquery()
