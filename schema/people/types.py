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
    """A person. Shown where a field names one, to callers who may see the members of that account. With
    `node` people can only read themselves."""

    id: strawberry.ID = column(codec=global_id(Kind.USER), description=ID_DESCRIPTION)
    name: str = column(description="The name, as the person wrote it.")
    initials: str = column(
        description="The first characters of the first and of the last word of the name, as the person wrote "
        "them: for a picture of a person who has none. Each is what people see as one, such as an emoji or a "
        "letter with its marks; punctuation before it is left out."
    )
    email: str = column(description="The address that the person signs in with.")
    email_verified_at: datetime.datetime | None = column(
        description="When the person proved to own the address; null if not yet, see `emailVerify`."
    )
    language: str | None = column(description="The language that the person reads, as a BCP 47 tag.")
    time_zone: str | None = column(description="The time zone that the person lives by, as an IANA name.")
    version: int = column(description="Counts the changes of the profile. Send it with `userUpdate`.")
    created_at: datetime.datetime = column(description="When the person signed up.")
