"""People."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, Text, func, literal, select

from authz.reach.reach import PRINCIPAL
from models.base.ids import Kind
from models.people.users import users
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import person_behind


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.USER)]) -> Select[Any]:
    """The viewer's own person. Other people are seen as members."""
    person = users.alias()
    return select(*person.c).join(PRINCIPAL, PRINCIPAL.c.user_id == person.c.id).where(person.c.id == id)


def initials(person: FromClause) -> ColumnElement[str]:
    """The first characters of the first and of the last word of the name, as the person wrote them: for a
    picture of a person who has none."""
    first = func.left(person.c.name, 1)
    last = func.coalesce(func.substring(person.c.name, literal(r"\s(\S)\S*$", Text)), "")
    return func.concat(first, last)


def of_result(result: FromClause) -> Select[Any]:
    """The person."""
    return person_behind(result)
