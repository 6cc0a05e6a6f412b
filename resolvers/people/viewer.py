"""The caller, as it sees itself."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, case, func, select

from authz.reach.reach import PRINCIPAL
from models.api_keys.tables import api_keys
from models.base.ids import Kind
from models.people.users import users
from resolvers.rows.shown import person_behind


def current(root: FromClause) -> Select[Any]:
    """The caller: a signed-in person, an API key or a narrowed token. UNAUTHENTICATED if nobody is signed
    in."""
    return select(PRINCIPAL.c.user_id, PRINCIPAL.c.api_key_id, PRINCIPAL.c.token_id)


def global_id(viewer: FromClause) -> ColumnElement[str]:
    """The id of the person, API key or narrowed token."""
    return case(
        (viewer.c.user_id.is_not(None), func.concat(f"{Kind.USER}_", viewer.c.user_id)),
        (viewer.c.token_id.is_not(None), func.concat(f"{Kind.NARROWED_TOKEN}_", viewer.c.token_id)),
        else_=func.concat(f"{Kind.API_KEY}_", viewer.c.api_key_id),
    )


def user_of(viewer: FromClause) -> Select[Any]:
    """The signed-in person; null for an API key and a narrowed token."""
    return person_behind(viewer)


def has_password(viewer: FromClause) -> ColumnElement[bool | None]:
    """Whether you can sign in with a password; who cannot has come by a company's single sign-on or
    directory. Null for an API key and a narrowed token."""
    person = users.alias()
    return (
        select(person.c.password_hash.is_not(None))
        .where(person.c.id == viewer.c.user_id)
        .correlate(viewer)
        .scalar_subquery()
    )


def api_key_of(viewer: FromClause) -> Select[Any]:
    """The API key; null for a person and a narrowed token."""
    key = api_keys.alias()
    return select(*key.c).where(key.c.id == viewer.c.api_key_id)
