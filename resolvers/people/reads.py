"""People."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, Text, func, literal, select

from authz.reach.reach import PRINCIPAL
from models.base.ids import Kind
from models.people.users import users
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import person_behind

_SEEN_AS_ONE = (
    r"[\U0001F1E6-\U0001F1FF]{2}"
    r"|\S(?:[\u0300-\u036F\uFE0F\U0001F3FB-\U0001F3FF\U000E0020-\U000E007F]|\u200D\S)*"
)
"""A character as people see it, for PostgreSQL, which knows code points alone: a flag is two; accents, skin
colours and other emoji that are joined follow the first."""


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.USER)]) -> Select[Any]:
    """The viewer's own person. Other people are seen as members."""
    person = users.alias()
    return select(*person.c).join(PRINCIPAL, PRINCIPAL.c.user_id == person.c.id).where(person.c.id == id)


def initials(person: FromClause) -> ColumnElement[str]:
    """The first characters of the first and of the last word of the name, as the person wrote them: for a
    picture of a person who has none."""
    first = func.substring(person.c.name, literal(rf"^({_SEEN_AS_ONE})", Text))
    last = func.substring(person.c.name, literal(rf"\s({_SEEN_AS_ONE})\S*$", Text))
    return func.concat(first, last)


def of_result(result: FromClause) -> Select[Any]:
    """The person."""
    return person_behind(result)
