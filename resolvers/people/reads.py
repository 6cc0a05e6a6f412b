"""People."""

from typing import Annotated, Any

from sqlalchemy import FromClause, Select, select

from authz.reach.reach import PRINCIPAL
from models.base.ids import Kind
from models.people.users import users
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import person_behind


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.USER)]) -> Select[Any]:
    """The viewer's own person. Other people are seen as members."""
    person = users.alias()
    return select(*person.c).join(PRINCIPAL, PRINCIPAL.c.user_id == person.c.id).where(person.c.id == id)


def of_result(result: FromClause) -> Select[Any]:
    """The person."""
    return person_behind(result)
