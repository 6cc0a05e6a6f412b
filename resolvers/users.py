"""People."""

from typing import Any

from sqlalchemy import FromClause, Select, select

from authz.reach import PRINCIPAL
from models.users import users
from resolvers.identifiers import UserIdArgument


def by_id(root: FromClause, id: UserIdArgument) -> Select[Any]:
    """The viewer's own person: others are seen where they are members."""
    person = users.alias()
    return select(*person.c).join(PRINCIPAL, PRINCIPAL.c.user_id == person.c.id).where(person.c.id == id)


def of_result(result: FromClause) -> Select[Any]:
    """The person."""
    person = users.alias()
    return select(*person.c).where(person.c.id == result.c.user_id)
