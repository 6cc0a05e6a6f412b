"""The search for people by their names and addresses: one text that is looked for in both."""

import unicodedata
from typing import Annotated

from sqlalchemy import ColumnElement, FromClause, exists, func, literal_column, or_, select

from engine.declare.arguments import Described, Folded
from engine.text.forms import search_key
from models.people.users import users

_BETWEEN = "\n"
"""Stands between the two forms of the text, and in neither."""


def _forms(text: str) -> str:
    """The text as it would stand in a canonical address, and the form that names are searched by."""
    address = "".join(unicodedata.normalize("NFKC", text).lower().split())
    return f"{address}{_BETWEEN}{search_key(text)}"


SearchOfPeople = Annotated[
    ColumnElement[str] | None,
    Described("Part of the person's name or e-mail address; case is ignored, and in names accents too."),
    Folded(_forms),
]
SearchOfAddresses = Annotated[
    ColumnElement[str] | None,
    Described("Part of the e-mail address; case is ignored."),
    Folded(_forms),
]


def is_in_address(search: ColumnElement[str], email_canonical: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the address holds the text."""
    return func.strpos(email_canonical, _form(search, 1)) > 0


def finds_person(search: ColumnElement[str], row: FromClause) -> ColumnElement[bool]:
    """Whether the name or address of the person that a row's `user_id` names holds the text."""
    person = users.alias()
    found = or_(
        is_in_address(search, person.c.email_canonical),
        func.strpos(person.c.search_key, _form(search, 2)) > 0,
    )
    return exists(select(person.c.id).where(person.c.id == row.c.user_id, found).correlate(row))


def _form(search: ColumnElement[str], number: int) -> ColumnElement[str]:
    return func.split_part(search, literal_column("E'\\n'"), literal_column(str(number)))
