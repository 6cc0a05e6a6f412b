"""People."""

import datetime

import strawberry

from engine.declare.codecs import global_id
from engine.declare.declarations import column, entity
from models.base.ids import Kind
from models.people.users import users
from schema.fields.node import ID_DESCRIPTION, Node


@entity(users)
class User(Node):
    """A person. Told wherever something names one, to those who may see the members of its account; `node`
    shows a person to itself alone."""

    id: strawberry.ID = column(codec=global_id(Kind.USER), description=ID_DESCRIPTION)
    name: str = column(description="As the person wrote it.")
    email: str = column(description="The address that the person signs in with.")
    email_verified_at: datetime.datetime | None = column(
        description="When the address was found to be the person's own; null: not yet, see `emailVerify`."
    )
    created_at: datetime.datetime = column(description="When the person signed up.")
